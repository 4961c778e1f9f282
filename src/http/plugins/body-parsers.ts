// What a request carries, read strictly: UTF-8 or nothing, no name twice, no way to mean two things. JSON, forms and
// queries come out as the same plain object, which the route's schema then judges.
import type { FastifyInstance, FastifyRequest, preValidationHookHandler } from 'fastify';
import { SallyportError } from '../../core/errors.js';
import { JsonError, parseJson } from '../../core/json.js';
import type { ReasonSuffix } from '../../core/reasons.js';

/** Bytes; an assertion at STS's limit of 100,000 characters fits, form encoded. */
export const BODY_LIMIT = 256 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const malformed = (reason: ReasonSuffix<'request'>, detail: string, cause?: unknown) =>
  new SallyportError('request_malformed', { reason: `request.${reason}`, detail, cause });

/** Bytes -> text. @throws SallyportError `request_malformed` if they are not UTF-8. */
export function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw malformed('encoding', 'The body is not UTF-8. Send it in UTF-8.', cause);
  }
}

const JSON_FAULTS: Readonly<Record<JsonError['reason'], string>> = {
  syntax: 'The body is not JSON. Check its syntax.',
  too_deep: 'The JSON is nested too deeply.',
  duplicate_key: 'The JSON has a name twice in one object. Send each once.',
  forbidden_key: 'The JSON has a name that is not allowed.',
  lone_surrogate: 'The JSON has half of a surrogate pair. Send whole characters.',
  number_out_of_range: 'The JSON has a number out of range.',
};

function parseJsonBody(bytes: Buffer): unknown {
  try {
    return parseJson(decode(bytes));
  } catch (error) {
    if (error instanceof JsonError) throw malformed(error.reason, JSON_FAULTS[error.reason], error);
    throw error;
  }
}

/** The part of a body schema that says which form fields are numbers and which may repeat. */
interface FormSchema {
  readonly properties?: Readonly<Record<string, object>>;
}

/** `application/x-www-form-urlencoded` (WHATWG URL, section 5.1), typed by the route's schema. */
export function formOf(pairs: Iterable<readonly [name: string, value: string]>, schema: FormSchema): unknown {
  const form: Record<string, string | string[] | number> = Object.create(null);
  for (const [name, value] of pairs) {
    const property: { readonly type?: string } | undefined = Object.hasOwn(schema.properties ?? {}, name)
      ? schema.properties?.[name]
      : undefined;
    const earlier = form[name];
    // In place: a copy for each of ten thousand values would hold everybody up.
    if (Array.isArray(earlier)) earlier.push(value);
    else if (property?.type === 'array') form[name] = [value];
    else if (earlier !== undefined)
      throw malformed('duplicate_key', 'The form has a field twice. Send each once.');
    else form[name] = property?.type === 'integer' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  }
  return form;
}

/** Its names and values in their order. @throws SallyportError `request_malformed`. */
export function* formPairs(text: string): Generator<readonly [name: string, value: string]> {
  for (const pair of text.split('&')) if (pair !== '') yield formPair(pair);
}

function formPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  const parts = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  try {
    const [name = '', value = ''] = parts.map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
    return [name, value];
  } catch (cause) {
    throw malformed('encoding', 'The form is not percent-encoded UTF-8. Encode each name and value.', cause);
  }
}

type BodyParser = (bytes: Buffer, request: FastifyRequest) => unknown;

export const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded';

/** Bodies are read by these alone, by media type (`*`: any other). A parser may throw a SallyportError. */
export function useBodyParsers(app: FastifyInstance, parsers: Readonly<Record<string, BodyParser>>): void {
  app.removeAllContentTypeParsers();
  for (const [type, parse] of Object.entries(parsers)) {
    const asBuffer = { parseAs: 'buffer', bodyLimit: BODY_LIMIT } as const;
    app.addContentTypeParser(type, asBuffer, (request: FastifyRequest, bytes: Buffer, done) => {
      try {
        done(null, parse(bytes, request));
      } catch (error) {
        done(error as Error);
      }
    });
  }
}

/** Replaces Fastify's lenient parsers. */
export const addBodyParsers = (app: FastifyInstance): void =>
  useBodyParsers(app, {
    'application/json': parseJsonBody,
    [FORM_MEDIA_TYPE]: (bytes, { routeOptions }) =>
      formOf(formPairs(decode(bytes)), (routeOptions.schema?.body ?? {}) as FormSchema),
  });

/** Queries are read like forms, where a route has a schema for one. */
export function addQueryParser(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const schema = route.schema?.querystring;
    if (schema === undefined) return;
    const read: preValidationHookHandler = (request, _, done) => {
      try {
        const [, ...query] = request.url.split('?');
        request.query = formOf(formPairs(query.join('?')), schema as FormSchema);
        done();
      } catch (error) {
        done(error as Error);
      }
    };
    route.preValidation = [read, ...[route.preValidation ?? []].flat()];
  });
}
