// Parses a JWT without trusting anything in it. Only one text form of a token is accepted: three canonical base64url
// parts with strict JSON (RFC 7515 section 7.1, RFC 7519 section 7.2).
import { isJsonObject, JsonError, parseJson } from '../../core/json.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { Claims } from '../../core/types.js';
import { invalidToken } from './invalid-token.js';

/** A parsed token. Nothing in it is verified. */
export interface ParsedToken {
  readonly text: string;
  readonly alg: string;
  readonly kid?: string;
  /** Lower case, without `application/`. */
  readonly typ?: string;
  readonly claims: Claims;
}

/** Characters of WebIdentityToken that STS accepts at most. */
const MAX_LENGTH = 20_000;
const MAX_KID_LENGTH = 512;

const malformed = (reason: ReasonSuffix<'jwt'>) => invalidToken('proof_malformed', reason);

/**
 * Parses a compact JWS. Keys and URLs in the header (`jwk`, `jku`, `x5c`, `x5u`; RFC 7515 section 4.1) are never read.
 * `crit` (section 4.1.11) and `b64` (RFC 7797) are refused because no extension is supported.
 * @throws SallyportError `proof_malformed`, or `proof_invalid` for a header that is refused.
 */
export function parseToken(text: string): ParsedToken {
  if (text.length > MAX_LENGTH) throw malformed('too_long');
  const parts = text.split('.');
  if (parts.length === 5) throw malformed('encrypted');
  const [header64, payload64, signature64] = parts;
  if (header64 === undefined || payload64 === undefined || signature64 === undefined || parts.length !== 3) {
    throw malformed('parts');
  }
  const header = parseJsonPart(header64, 'header');
  const claims = parseJsonPart(payload64, 'payload');
  decodeBase64url(signature64, 'signature');

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
    claims,
    ...omitUndefined({ kid, typ: typ === undefined ? undefined : normalizeType(typ) }),
  };
}

/** Normalizes `typ` for comparison: lower case, without `application/` (RFC 7515 section 4.1.9). */
export function normalizeType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function parseJsonPart(part: string, name: 'header' | 'payload'): Claims {
  const bytes = decodeBase64url(part, name);
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw malformed(`${name}.${error instanceof JsonError ? error.reason : 'utf8'}`);
  }
  throw malformed(`${name}.not_object`);
}

/** RFC 7515 section 2: no padding, no other alphabet, no stray bits in the last character (RFC 4648 section 3.5). */
function decodeBase64url(part: string, name: 'header' | 'payload' | 'signature'): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw malformed(`${name}.base64url`);
  return bytes;
}
