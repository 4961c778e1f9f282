// Every internal reason that the broker gives: what it means and what the operator does about it. The log and the audit
// log carry the reason beside the error code of errors.ts; callers never see it. docs/errors.md is generated from both
// tables. A reason without an entry does not compile; test/core/reasons.test.ts finds entries that nothing uses.
// Where an error has no reason of its own, its code stands in.

import { AWS_CALL_REASONS } from './reasons/aws-calls.js';
import { JWT_REASONS } from './reasons/jwt.js';
import { OIDC_KEY_REASONS } from './reasons/oidc-keys.js';
import { REQUEST_REASONS } from './reasons/request.js';
import { SAML_REASONS } from './reasons/saml.js';
import { SAML_ASSERTION_REASONS } from './reasons/saml-assertion.js';
import { type ReasonPattern, STS_REASONS } from './reasons/sts.js';

export const REASONS = {
  ...REQUEST_REASONS,
  ...JWT_REASONS,
  ...OIDC_KEY_REASONS,
  ...SAML_REASONS,
  ...SAML_ASSERTION_REASONS,
  ...STS_REASONS,
  ...AWS_CALL_REASONS,
};

export type KnownReason = keyof typeof REASONS;

/** A reason of the table, or one that ends in a code of AWS. */
export type Reason = KnownReason | ReasonPattern;

/** The rest of the reasons that begin with `Prefix.`: `exp.past` for `jwt.exp.past`. */
export type ReasonSuffix<Prefix extends string> = KnownReason extends infer R
  ? R extends `${Prefix}.${infer Suffix}`
    ? Suffix
    : never
  : never;
