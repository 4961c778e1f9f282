// Converts an assertion to claims. Each attribute becomes a list of strings under its Name; several Attributes with the same
// Name are joined in order. Values from the rest of the assertion have reserved names, which no attribute may have.
import type { Claims, ClaimValue } from '../../../core/types.js';
import { rejectAssertion } from '../reject-assertion.js';
import type { VerifiedAssertion } from './assertion.js';

/** Claims that are single strings, absent if the assertion does not have the value. */
const RESERVED_CLAIMS = [
  'Issuer',
  'NameID',
  'NameIDFormat',
  'NameQualifier',
  'SPNameQualifier',
  'Recipient',
  'AuthnContextClassRef',
  'AuthnInstant',
  'SessionIndex',
] as const;

const REFUSED_NAMES: ReadonlySet<string> = new Set([...RESERVED_CLAIMS, '__proto__']);

/** @throws SallyportError `proof_invalid`, reason `saml.attribute.reserved`. */
export function toClaims(entityId: string, facts: VerifiedAssertion): Claims {
  const reserved: Record<(typeof RESERVED_CLAIMS)[number], string | undefined> = {
    Issuer: entityId,
    NameID: facts.nameId.value,
    NameIDFormat: facts.nameId.format,
    NameQualifier: facts.nameId.nameQualifier,
    SPNameQualifier: facts.nameId.spNameQualifier,
    Recipient: facts.recipient,
    AuthnContextClassRef: facts.authentication.contextClass,
    AuthnInstant: facts.authentication.instant,
    SessionIndex: facts.authentication.sessionIndex,
  };
  const attributes = new Map<string, string[]>();
  for (const { name, values } of facts.attributes) {
    if (REFUSED_NAMES.has(name)) rejectAssertion('attribute.reserved');
    attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
  }
  const claims: Record<string, ClaimValue> = Object.create(null);
  for (const [name, values] of attributes) claims[name] = values;
  for (const [name, value] of Object.entries(reserved)) if (value !== undefined) claims[name] = value;
  return claims;
}
