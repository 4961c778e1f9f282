// The functions of session templates: what they make of the values of a claim. None makes two values into one that
// cannot be told from either: what loses something ends in a hash of what was there.
import { createHash } from 'node:crypto';
import type { ClaimValue } from '../../core/types.js';
import { toText } from '../grants/claim-matcher.js';

/** Of one claim; undefined: it is not there. */
export type Values = readonly ClaimValue[] | undefined;

const ENDS_LIKE_HASH = /-(?:[0-9a-f]{12}|[0-9a-f]{16})$/;
/** Hex digits of a hash: fewer only where little room is left for the text. */
const hashLength = (limit: number) => (limit >= 32 ? 16 : 12);
const SLUG_LENGTH = 32;
const SLUG_LEAST = 2;
const MIN_TRUNCATE = 14;

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
      const text = toText(value);
      return text ? change(text) : value; // "" stays, and is refused at the end
    });

/** What functions do to the values of a claim, from their literal arguments. */
export const FUNCTIONS: Readonly<
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
