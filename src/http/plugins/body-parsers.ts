// Strict parsers for JSON bodies, forms and queries: valid UTF-8 only, no duplicate names. All three yield the same plain
// object, which the route's schema then validates.
import type { FastifyInstance, FastifyRequest, preValidationHookHandler } from 'fastify';
import { SallyportError } from '../../core/errors.js';
import { JsonError, parseJson } from '../../core/json.js';
import type { ReasonSuffix } from '../../core/reasons.js';

/** Bytes. A form-encoded assertion of 100,000 characters, the limit of STS, fits. */
export const BODY_LIMIT = 256 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const malformed = (reason: ReasonSuffix<'request'>, detail: string, cause?: unknown) =>
  new SallyportError('request_malformed', { reason: `request.${reason}`, detail, cause });

/** @throws SallyportError `request_malformed` if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw malformed('encoding', 'The body is not valid UTF-8. Encode it in UTF-8.', cause);
  }
}

const JSON_ERRORS: Readonly<Record<JsonError['reason'], string>> = {
  syntax: 'The body is not valid JSON. Check its syntax.',
  too_deep: 'The JSON is nested too deeply.',
  duplicate_key: 'The JSON has a duplicate key in an object. Send each key once.',
  forbidden_key: 'The JSON has a key that is not allowed.',
  lone_surrogate: 'The JSON has a lone surrogate in a string. Send complete characters.',
  number_out_of_range: 'The JSON has a number that is out of range.',
};

function parseJsonBody(bytes: Buffer): unknown {
  try {
    return parseJson(decodeUtf8(bytes));
  } catch (error) {
    if (error instanceof JsonError) throw malformed(error.reason, JSON_ERRORS[error.reason], error);
    throw error;
  }
}

/** The part of a schema that says which form fields are numbers and which may repeat. */
interface FormSchema {
  readonly properties?: Readonly<Record<string, object>>;
}

/** `application/x-www-form-urlencoded` (WHATWG URL, section 5.1), typed by the route's schema. */
export function parseForm(
  pairs: Iterable<readonly [name: string, value: string]>,
  schema: FormSchema,
): unknown {
  const form: Record<string, string | string[] | number> = Object.create(null);
  for (const [name, value] of pairs) {
    const property: { readonly type?: string } | undefined = Object.hasOwn(schema.properties ?? {}, name)
      ? schema.properties?.[name]
      : undefined;
    const earlier = form[name];
    // Appended in place: ten thousand copies of a growing array would block the event loop.
    if (Array.isArray(earlier)) earlier.push(value);
    else if (property?.type === 'array') form[name] = [value];
    else if (earlier !== undefined)
      throw malformed('duplicate_key', 'The form has a duplicate field. Send each field once.');
    else form[name] = property?.type === 'integer' && /^-?\d{1,10}$/.test(value) ? Number(value) : value;
  }
  return form;
}

/** Names and values in order. @throws SallyportError `request_malformed`. */
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
    throw malformed(
      'encoding',
      'The form is not valid percent-encoded UTF-8. Encode each name and value.',
      cause,
    );
  }
}

type BodyParser = (bytes: Buffer, request: FastifyRequest) => unknown;

export const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded';

/** Replaces all body parsers, by media type (`*`: any other). A parser may throw a SallyportError. */
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

/** Fastify's own parsers are lenient. */
export const addBodyParsers = (app: FastifyInstance): void =>
  useBodyParsers(app, {
    'application/json': parseJsonBody,
    [FORM_MEDIA_TYPE]: (bytes, { routeOptions }) =>
      parseForm(formPairs(decodeUtf8(bytes)), (routeOptions.schema?.body ?? {}) as FormSchema),
  });

/** Parses queries like forms, on routes with a schema for one. */
export function addQueryParser(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const schema = route.schema?.querystring;
    if (schema === undefined) return;
    const read: preValidationHookHandler = (request, _, done) => {
      try {
        const [, ...query] = request.url.split('?');
        request.query = parseForm(formPairs(query.join('?')), schema as FormSchema);
        done();
      } catch (error) {
        done(error as Error);
      }
    };
    route.preValidation = [read, ...[route.preValidation ?? []].flat()];
  });
}
