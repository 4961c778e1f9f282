// A JWT taken apart, before anything in it is believed. Exactly one text form per token is read: three canonical
// base64url parts of strict JSON (RFC 7515 section 7.1, RFC 7519 section 7.2).
import { isJsonObject, JsonError, parseJson } from '../../core/json.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { Claims } from '../../core/types.js';
import { invalidToken } from './invalid-token.js';

/** A token that can be read. Nothing in it is proven. */
export interface Token {
  readonly text: string;
  readonly alg: string;
  readonly kid?: string;
  /** Lower case, without `application/`. */
  readonly typ?: string;
  readonly claims: Claims;
}

/** What STS takes as WebIdentityToken at most, in characters. */
const MAX_LENGTH = 20_000;
const MAX_KID_LENGTH = 512;

const malformed = (reason: ReasonSuffix<'jwt'>) => invalidToken('proof_malformed', reason);

/**
 * Takes a compact JWS apart. Keys and URLs that a header may bring along (`jwk`, `jku`, `x5c`, `x5u`; RFC 7515
 * section 4.1) are never read; `crit` (section 4.1.11) and `b64` (RFC 7797) are refused, since no extension is understood.
 * @throws SallyportError `proof_malformed`, or `proof_invalid` for a header that is refused.
 */
export function readToken(text: string): Token {
  if (text.length > MAX_LENGTH) throw malformed('too_long');
  const parts = text.split('.');
  if (parts.length === 5) throw malformed('encrypted');
  const [header64, payload64, signature64] = parts;
  if (header64 === undefined || payload64 === undefined || signature64 === undefined || parts.length !== 3) {
    throw malformed('parts');
  }
  const header = readObject(header64, 'header');
  const claims = readObject(payload64, 'payload');
  decodeCanonical(signature64, 'signature');

  const { alg, kid, typ } = header;
  if (typeof alg !== 'string') throw malformed('alg.missing');
  if ('crit' in header) throw invalidToken('proof_invalid', 'crit.refused');
  if ('b64' in header) throw invalidToken('proof_invalid', 'b64.refused');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH))
    throw malformed('kid.type');
  if (typ !== undefined && typeof typ !== 'string') throw malformed('typ.type');
  return {
    text,
    alg,
    ...(kid !== undefined && { kid }),
    ...(typ !== undefined && { typ: mediaType(typ) }),
    claims,
  };
}

/** A `typ` as it is compared: RFC 7515 section 4.1.9, without regard to case and with `application/` left out. */
export function mediaType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function readObject(part: string, name: 'header' | 'payload'): Claims {
  const bytes = decodeCanonical(part, name);
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw malformed(`${name}.${error instanceof JsonError ? error.reason : 'utf8'}`);
  }
  throw malformed(`${name}.not_object`);
}

/** RFC 7515 section 2: no padding, no other alphabet, and no stray bits in the last character (RFC 4648 section 3.5). */
function decodeCanonical(part: string, name: 'header' | 'payload' | 'signature'): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw malformed(`${name}.base64url`);
  return bytes;
}
