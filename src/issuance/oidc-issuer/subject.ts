// Who a token of the broker is about: `sub`, for trust policies to test and for CloudTrail to show. Stable, readable,
// and never the same for two principals.
import { createHash } from 'node:crypto';
import type { Principal } from '../../core/types.js';

/** Characters. What STS takes: SubjectFromWebIdentityToken of the API reference. */
const MIN_LENGTH = 6;
const MAX_LENGTH = 255;

/** Stay as they are although URLs would encode them: subjects of many providers have them. */
const READABLE = /%(?:2B|2C|2F|3A|3D|40|7C)/g;

/** Left alone by encodeURIComponent, and encoded here: `*` means something in policies. */
const UNUSUAL = /[!'()*]/g;

/**
 * `<issuer>:<subject>`, where `issuer` is the name in the config, which has no colon. In the subject, all but letters,
 * digits and `- . _ ~ + , / : = @ |` is percent-encoded as in a URL (RFC 3986 section 2.1). What would be too short or
 * too long for STS is `<issuer>:#<SHA-256 of the subject, in hex>`; an encoded subject never begins so.
 */
export function webIdentitySubject({ issuer, subject }: Pick<Principal, 'issuer' | 'subject'>): string {
  const encoded = encodeURIComponent(subject)
    .replace(READABLE, decodeURIComponent)
    .replace(UNUSUAL, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const readable = `${issuer}:${encoded}`;
  if (readable.length >= MIN_LENGTH && readable.length <= MAX_LENGTH) return readable;
  return `${issuer}:#${createHash('sha256').update(subject).digest('hex')}`;
}
