// The functions of session templates. No two values yield the same result: a function that loses characters appends a hash
// of the original.
import { createHash } from 'node:crypto';
import type { ClaimValue } from '../../core/types.js';
import { toText } from '../grants/claim-matcher.js';

/** The values of a claim; undefined if it is absent. */
export type Values = readonly ClaimValue[] | undefined;

const HASH_SUFFIX = /-(?:[0-9a-f]{12}|[0-9a-f]{16})$/;
/** Hex digits of the hash. Short limits get a shorter hash, to leave characters for the text. */
const hashLength = (limit: number) => (limit >= 32 ? 16 : 12);
const MAX_SLUG_LENGTH = 32;
const MIN_SLUG_LENGTH = 2;
const MIN_TRUNCATE_LIMIT = 14;

/**
 * Shortens text to `limit` characters. If it differs from the original, has fewer than `minimum` characters or already
 * ends like a hash, it ends in `-` and 16 hex digits (12 below a limit of 32) of the SHA-256 of the original.
 */
function shorten(original: string, text: string, limit: number, minimum = 1): string {
  const characters = [...text]; // code points, as STS counts them
  const fits = characters.length >= minimum && characters.length <= limit;
  if (text === original && fits && !HASH_SUFFIX.test(text)) return text;
  const digits = hashLength(limit);
  const hash = createHash('sha256').update(original).digest('hex').slice(0, digits);
  return `${characters.slice(0, limit - digits - 1).join('')}-${hash}`;
}

const slug = (text: string) =>
  shorten(text, text.replace(/[^\w+=,.@-]+/g, '-'), MAX_SLUG_LENGTH, MIN_SLUG_LENGTH);

// ASCII only: Unicode case mapping turns some letters into ASCII ones (U+212A into k), so two claims could become equal.
const lower = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upper = (text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

const mapText =
  (transform: (text: string) => string) =>
  (values: Values): Values =>
    values?.map((value) => {
      const text = toText(value);
      return text ? transform(text) : value; // An empty text is refused when the template is rendered.
    });

/** By name. `compile` takes the literal argument and returns undefined if it is invalid. */
export const TEMPLATE_FUNCTIONS: Readonly<
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
    usage: `truncate(claims.x, N) with N of ${MIN_TRUNCATE_LIMIT} or more`,
    compile: (argument) => {
      if (argument === undefined || !/^[0-9]{1,4}$/.test(argument) || Number(argument) < MIN_TRUNCATE_LIMIT)
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
        const texts = values?.map(toText);
        if (!texts || texts.length === 0 || texts.includes(undefined)) return values;
        return [texts.join(separator)];
      };
    },
  },
};

function literal(argument: string | undefined): string | undefined {
  return argument === undefined ? undefined : /^"([^"]*)"$/.exec(argument)?.[1];
}
