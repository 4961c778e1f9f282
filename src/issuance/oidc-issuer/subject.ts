// The claim `sub` of the broker's tokens, which trust policies test and CloudTrail shows: stable, readable, and unique
// for each principal.
import { hash } from 'node:crypto';
import type { Principal } from '../../core/types.js';

/** Characters: the bounds of SubjectFromWebIdentityToken in the STS API reference. */
const MIN_LENGTH = 6;
const MAX_LENGTH = 255;

/** Decoded again, since the subjects of many providers contain them. */
const READABLE = /%(?:2B|2C|2F|3A|3D|40|7C)/g;

/** Encoded in addition to what encodeURIComponent encodes: `*` is a wildcard in policies. */
const NOT_ENCODED = /[!'()*]/g;

/**
 * `<issuer>:<subject>`, where `issuer` is the name in the config, which has no colon. In the subject, all but letters,
 * digits and `- . _ ~ + , / : = @ |` is percent-encoded as in a URL (RFC 3986 section 2.1). If the result is too short or
 * too long for STS, it is `<issuer>:#<SHA-256 of the subject, in hex>`; an encoded subject never begins with `#`.
 */
export function webIdentitySubject({ issuer, subject }: Pick<Principal, 'issuer' | 'subject'>): string {
  const encoded = encodeURIComponent(subject)
    .replace(READABLE, decodeURIComponent)
    .replace(NOT_ENCODED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const readable = `${issuer}:${encoded}`;
  if (readable.length >= MIN_LENGTH && readable.length <= MAX_LENGTH) return readable;
  return `${issuer}:#${hash('sha256', subject, 'hex')}`;
}
