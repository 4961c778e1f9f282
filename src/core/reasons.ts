// Every internal reason that the broker records, with its meaning and the action for the operator. The log and the audit
// log carry the reason beside the error code of errors.ts; callers never see it. docs/errors.md is generated from both
// tables. A reason without an entry does not compile; test/core/reasons.test.ts finds entries that nothing uses.
// If an error has no reason, its code is used instead.

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

type ListedReason = keyof typeof REASONS;

/** A reason of the table, or one that ends in a code of AWS. */
export type Reason = ListedReason | ReasonPattern;

/** The suffixes of the reasons that begin with `Prefix.`: `exp.past` for `jwt.exp.past`. */
export type ReasonSuffix<Prefix extends string> = ListedReason extends infer R
  ? R extends `${Prefix}.${infer Suffix}`
    ? Suffix
    : never
  : never;
