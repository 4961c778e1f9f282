// Session templates: text with `${claims.NAME}` and a few functions in it; where the caller may choose, also
// `${request.RoleSessionName}`. Parsed when the config loads, filled for each session. What is missing or is not one
// plain value refuses the session; it never becomes "".
import { createHash } from 'node:crypto';
import { SallyportError } from '../core/errors.js';
import type { Claims, ClaimValue } from '../core/types.js';
import { claimValues, textOf } from './matcher.js';

type Values = readonly ClaimValue[] | undefined;
/** What a template is filled from. */
interface Given {
  readonly claims: Claims;
  readonly roleSessionName?: string | undefined;
}
interface Expression {
  /** Undefined: it is of the request's RoleSessionName. */
  readonly claim?: string;
  evaluate(given: Given): Values;
}

/** A parsed template. `fill` throws `session_value_invalid` if a claim does not fit. */
export interface Template {
  readonly claims: readonly string[];
  /** Those of them without which there is no session: a default stands in for the others. */
  readonly needed: readonly string[];
  /** Whether the caller's RoleSessionName goes into it; without one, `fill` throws `parameter_invalid`, unless there is a default. */
  readonly takesRoleSessionName: boolean;
  fill(claims: Claims, options?: FillOptions): string;
  /** The text with one value in place of every claim, and of the RoleSessionName. */
  shape(value: string): string;
}

interface FillOptions {
  /** Called with each claim's value before it is put in; may throw. */
  readonly check?: (value: string, claim: string) => void;
  readonly roleSessionName?: string | undefined;
}

interface ParseOptions {
  /** IAM's own `${aws:…}` is kept as it stands. */
  readonly policyVariables?: boolean;
  /** `${request.RoleSessionName}` may be in it. */
  readonly roleSessionName?: boolean;
}

export class TemplateError extends Error {}

const ROLE_SESSION_NAME = 'request.RoleSessionName';

const CLAIM = /^claims\.([^(){}\s,]+)$/;
const CALL = /^([a-z]+)\((.*)\)$/s;
/** IAM's own policy variables and escapes: `${aws:username}`, `${*}`. They pass through. */
const POLICY_VARIABLE = /^(?:(?!claims\.)[A-Za-z0-9._/-]+:[^{}]*|[*?$])$/;
const PLACEHOLDER = /\$\{([^}]*)\}/g;

const ENDS_LIKE_HASH = /-(?:[0-9a-f]{12}|[0-9a-f]{16})$/;
/** Hex digits of a hash: fewer only where little room is left for the text. */
const hashLength = (limit: number) => (limit >= 32 ? 16 : 12);
const SLUG_LENGTH = 32;
const SLUG_LEAST = 2;
const MIN_TRUNCATE = 14;

const unfit = (claim: string, problem: string, reason: string) =>
  new SallyportError('session_value_invalid', {
    reason: `session.${reason}`,
    detail: `The claim "${claim}" ${problem}, so no session can be made for this role. Ask the operator.`,
  });

/**
 * Text cut to `limit` characters. If anything is lost, or there are fewer than `least`, it ends in - and 16 hex digits
 * (12 below a limit of 32) of the SHA-256 of the original, and so does a text that only looks as if it did: no two originals share a result.
 */
function shorten(original: string, text: string, limit: number, least = 1): string {
  const characters = [...text]; // whole ones, as STS counts them
  const fits = characters.length >= least && characters.length <= limit;
  if (text === original && fits && !ENDS_LIKE_HASH.test(text)) return text;
  const digits = hashLength(limit);
  const hash = createHash('sha256').update(original).digest('hex').slice(0, digits);
  return `${characters.slice(0, limit - digits - 1).join('')}-${hash}`;
}

const slug = (text: string) => shorten(text, text.replace(/[^\w+=,.@-]+/g, '-'), SLUG_LENGTH, SLUG_LEAST);

// Letters outside ASCII stay: Unicode would fold some onto ASCII ones (U+212A to k), and two claims into one.
const lower = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upper = (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

const mapText =
  (change: (text: string) => string) =>
  (values: Values): Values =>
    values?.map((value) => {
      const text = textOf(value);
      return text ? change(text) : value; // "" stays, and is refused at the end
    });

/** What functions do to the values of a claim, from their literal arguments. */
const FUNCTIONS: Readonly<
  Record<
    string,
    { usage: string; compile(argument: string | undefined): ((values: Values) => Values) | undefined }
  >
> = {
  slug: {
    usage: 'slug(claims.x)',
    compile: (argument) => (argument === undefined ? mapText(slug) : undefined),
  },
  lower: {
    usage: 'lower(claims.x)',
    compile: (argument) => (argument === undefined ? mapText(lower) : undefined),
  },
  upper: {
    usage: 'upper(claims.x)',
    compile: (argument) => (argument === undefined ? mapText(upper) : undefined),
  },
  truncate: {
    usage: `truncate(claims.x, N) with N of ${MIN_TRUNCATE} or more`,
    compile: (argument) => {
      if (argument === undefined || !/^[0-9]{1,4}$/.test(argument) || Number(argument) < MIN_TRUNCATE)
        return undefined;
      return mapText((text) => shorten(text, text, Number(argument)));
    },
  },
  default: {
    usage: 'default(claims.x, "text")',
    compile: (argument) => {
      const text = literal(argument);
      return text === undefined ? undefined : (values) => values ?? [text];
    },
  },
  first: {
    usage: 'first(claims.x)',
    compile: (argument) => (argument === undefined ? (values) => values?.slice(0, 1) : undefined),
  },
  join: {
    usage: 'join(claims.x, "separator")',
    compile: (argument) => {
      const separator = literal(argument);
      if (separator === undefined) return undefined;
      return (values) => {
        const texts = values?.map(textOf);
        if (!texts || texts.length === 0 || texts.includes(undefined)) return values;
        return [texts.join(separator)];
      };
    },
  },
};

function literal(argument: string | undefined): string | undefined {
  return argument === undefined ? undefined : /^"([^"]*)"$/.exec(argument)?.[1];
}

function parseExpression(source: string, options: ParseOptions): Expression {
  const text = source.trim();
  const claim = CLAIM.exec(text)?.[1];
  if (claim !== undefined) return { claim, evaluate: ({ claims }) => claimValues(claims, claim) };
  if (text === ROLE_SESSION_NAME) {
    if (options.roleSessionName)
      return {
        evaluate: ({ roleSessionName }) => (roleSessionName === undefined ? undefined : [roleSessionName]),
      };
    throw new TemplateError(
      `\${${ROLE_SESSION_NAME}} may stand in session.name alone. Write \${claims.NAME}.`,
    );
  }
  const call = CALL.exec(text);
  const name = call?.[1] ?? '';
  const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!call || !definition) {
    throw new TemplateError(
      `Write \${claims.NAME}, or a function of it: ${Object.keys(FUNCTIONS).join(', ')}, e.g. \${slug(claims.sub)}.`,
    );
  }
  // The inner expression is everything up to the last comma outside of parentheses and quotes.
  const comma = lastComma(call[2] ?? '');
  const inner = parseExpression(comma < 0 ? (call[2] ?? '') : (call[2] ?? '').slice(0, comma), options);
  const change = definition.compile(comma < 0 ? undefined : (call[2] ?? '').slice(comma + 1).trim());
  if (!change) throw new TemplateError(`Write ${definition.usage}.`);
  return { ...inner, evaluate: (given) => change(inner.evaluate(given)) };
}

function lastComma(text: string): number {
  let depth = 0;
  let quoted = false;
  let found = -1;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')') depth--;
    else if (!quoted && depth === 0 && char === ',') found = index;
  }
  return found;
}

/** @throws TemplateError with a sentence that says what to write instead. */
export function parseTemplate(source: string, options: ParseOptions = {}): Template {
  const parts: (string | Expression)[] = [];
  let end = 0;
  for (const match of source.matchAll(PLACEHOLDER)) {
    const inner = match[1] ?? '';
    if (options.policyVariables && POLICY_VARIABLE.test(inner)) continue;
    const before = source.slice(end, match.index);
    if (before.endsWith('$'))
      throw new TemplateError('A $ before ${ could start another variable. Leave it out.');
    parts.push(before, parseExpression(inner, options));
    end = match.index + match[0].length;
  }
  parts.push(source.slice(end));
  if (parts.some((part) => typeof part === 'string' && part.replaceAll(PLACEHOLDER, '').includes('${')))
    throw new TemplateError('A ${ is not closed by }. Close it.');

  const expressions = parts.filter((part) => typeof part !== 'string');
  return {
    shape: (value) => parts.map((part) => (typeof part === 'string' ? part : value)).join(''),
    claims: expressions.flatMap(({ claim }) => claim ?? []),
    needed: expressions.flatMap(({ claim, evaluate }) =>
      evaluate({ claims: {} }) === undefined ? (claim ?? []) : [],
    ),
    takesRoleSessionName: expressions.some(({ claim }) => claim === undefined),
    fill: (claims, { check, roleSessionName } = {}) =>
      parts
        .map((part) => {
          if (typeof part === 'string') return part;
          const values = part.evaluate({ claims, roleSessionName });
          if (part.claim === undefined) return chosen(values);
          const value = single(values, part.claim);
          check?.(value, part.claim);
          return value;
        })
        .join(''),
  };
}

function chosen(values: Values): string {
  const text = textOf(values?.[0] ?? null);
  if (text) return text;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.role_session_name',
    detail: 'With this role you name the session yourself. Send RoleSessionName.',
  });
}

function single(values: Values, claim: string): string {
  if (values === undefined || values.length === 0) throw unfit(claim, 'is missing', 'claim_missing');
  if (values.length > 1) throw unfit(claim, 'has several values', 'claim_multiple');
  const text = textOf(values[0] as ClaimValue);
  if (text === undefined) throw unfit(claim, 'is not a plain value', 'claim_structured');
  if (text === '') throw unfit(claim, 'is empty', 'claim_empty');
  return text;
}
