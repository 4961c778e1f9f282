// Constraints of STS for the values of a session (STS API reference, 2011-06-15). Values are checked before the call, so
// that a refusal names the parameter instead of quoting a message of STS.
import {
  federatedUserName,
  namePattern,
  portableSourceIdentity,
  sessionName,
} from '@sallyport/sts-protocol/constraints';
import { SallyportError } from '../../core/errors.js';
import type { Reason } from '../../core/reasons.js';

export interface StsConstraint {
  /** Parameter name as AWS spells it. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly rule: string;
  /** Reason of the refusal if a value violates the constraint. */
  readonly reason: Reason;
}

const nameRule = ({ min, max }: { readonly min: number; readonly max: number }) =>
  `${min} to ${max} characters of A-Z a-z 0-9 _ + = , . @ -`;

export const ROLE_SESSION_NAME: StsConstraint = {
  name: 'RoleSessionName',
  reason: 'session.RoleSessionName',
  pattern: new RegExp(namePattern(sessionName)),
  rule: nameRule(sessionName),
};

export const FEDERATED_USER_NAME: StsConstraint = {
  name: 'Name',
  reason: 'session.Name',
  pattern: new RegExp(namePattern(federatedUserName)),
  rule: nameRule(federatedUserName),
};

export const SOURCE_IDENTITY: StsConstraint = {
  name: 'SourceIdentity',
  reason: 'session.SourceIdentity',
  pattern: new RegExp(namePattern(portableSourceIdentity)),
  rule: nameRule(portableSourceIdentity),
};

export const TAG_KEY: StsConstraint = {
  name: 'tag key',
  reason: 'session.tag_key',
  pattern: /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu,
  rule: '1 to 128 letters, digits, spaces and _ . : / = + - @, not starting with aws:',
};

export const TAG_VALUE: StsConstraint = {
  name: 'tag value',
  reason: 'session.tag_value',
  pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u,
  rule: 'at most 256 letters, digits, spaces and _ . : / = + - @',
};

/** Session policy text: Latin-1 without control characters except tab and line ends. */
export const POLICY_TEXT: StsConstraint = {
  name: 'Policy',
  reason: 'session.Policy',
  pattern: /^[\t\n\r\u0020-\u00FF]{1,2048}$/,
  rule: '1 to 2048 characters up to U+00FF',
};

/** A claim value in a policy must be literal: no wildcards, no policy variables. */
const POLICY_VALUE_FORBIDDEN = /[*?$]/;

/** @throws SallyportError `session_value_invalid`. It names the parameter and its rule, not the value. */
export function checkStsValue(constraint: StsConstraint, value: string): string {
  if (constraint.pattern.test(value)) return value;
  throw new SallyportError('session_value_invalid', {
    reason: constraint.reason,
    detail: `Your claims yield a ${constraint.name} that STS does not accept: it must be ${constraint.rule}. Ask the operator.`,
  });
}

/** @throws SallyportError `session_value_invalid` for a claim value that could extend the policy. */
export function checkPolicyValue(value: string, claim: string): void {
  if (!POLICY_VALUE_FORBIDDEN.test(value)) return;
  throw new SallyportError('session_value_invalid', {
    reason: 'session.policy_wildcard',
    detail: `The claim "${claim}" contains *, ? or $, which is not permitted in a session policy. Ask the operator.`,
  });
}
