// The base64 text a caller sends -> XML text. Only one reading is possible of what passes here.
import { rejectAssertion } from './reject-assertion.js';

/** AWS STS takes at most this many characters of SAMLAssertion, so more cannot be of use. */
const MAX_BASE64_CHARACTERS = 100_000;

/**
 * Strict base64 (RFC 4648 section 4; line ends as RFC 2045 section 6.8 allows them) of UTF-8 without errors.
 * @throws SallyportError `proof_malformed`, reason `saml.size`, `saml.base64` or `saml.utf8`.
 */
export function decodeResponse(base64: string): string {
  if (base64.length > MAX_BASE64_CHARACTERS) return rejectAssertion('size', 'proof_malformed');
  const unwrapped = base64.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(unwrapped, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== unwrapped)
    return rejectAssertion('base64', 'proof_malformed');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return rejectAssertion('utf8', 'proof_malformed');
  }
}
