// Steps that all AssumeRole operations share: ARN check, duration limits, and issuing the session.

import { MAX_CHAINED_SESSION_SECONDS } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { validationError } from '@sallyport/sts-protocol/sts-error';
import type { Role, Tags } from '../iam/model.js';
import { assumedRoleArn } from './caller.js';
import { packedPolicySize, type SessionPolicy } from './session-policy.js';
import type { ConditionKeys, SessionTokens } from './session-tokens.js';

const DEFAULT_SECONDS = 3600;
const ARN = /^arn:[^:]+:[^:]+:[^:]*:[^:]*:.+$/s;

/** Throws ValidationError for a value that has the length of an ARN but not its form. */
export function checkArn(value: string): void {
  if (!ARN.test(value)) throw validationError(`${value} is invalid`);
}

/** The requested duration, or one hour. Throws ValidationError above the limit of the role or of role chaining. */
export function roleSessionDuration(requested: number | undefined, role: Role, chained: boolean): number {
  const seconds = requested ?? DEFAULT_SECONDS;
  if (seconds > role.maxSessionDuration) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  if (chained && seconds > MAX_CHAINED_SESSION_SECONDS) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  return seconds;
}

export interface RoleSession {
  readonly role: Role;
  readonly sessionName: string;
  readonly durationSeconds: number;
  /** The requested tags, which count towards the packed size. */
  readonly tags: Tags;
  readonly transitiveTagKeys: readonly string[];
  readonly inheritedTags?: Tags;
  readonly sourceIdentity?: string;
  readonly policy: SessionPolicy;
  readonly conditionKeys: ConditionKeys;
  readonly mfaAuthenticatedAt?: number;
  /** Assumed with the credentials of another session. */
  readonly chained?: boolean;
}

/**
 * Issues the session. `PackedPolicySize` is absent without policies and tags; its position in the response is not known.
 * Throws PackedPolicyTooLarge.
 */
export function issueRoleSession(tokens: SessionTokens, session: RoleSession, now: Date): Result {
  const { role, sessionName, tags, inheritedTags = {}, policy, sourceIdentity } = session;
  const account = role.arn.split(':')[4] ?? '';
  const size = packedPolicySize(policy, tags);
  const credentials = tokens.issue(
    {
      type: 'AssumedRole',
      account,
      roleId: role.id,
      sessionName,
      tags: { ...inheritedTags, ...tags },
      transitiveTagKeys: [...Object.keys(inheritedTags), ...session.transitiveTagKeys],
      ...(sourceIdentity !== undefined && { sourceIdentity }),
      ...(policy.document && { policy: policy.document }),
      policyArns: policy.arns,
      conditionKeys: session.conditionKeys,
      chained: session.chained === true,
      ...(session.mfaAuthenticatedAt !== undefined && { mfaAuthenticatedAt: session.mfaAuthenticatedAt }),
    },
    session.durationSeconds,
    now,
  );
  return {
    AssumedRoleUser: {
      AssumedRoleId: `${role.id}:${sessionName}`,
      Arn: assumedRoleArn(account, role.name, sessionName),
    },
    Credentials: { ...credentials },
    PackedPolicySize: size > 0 ? size : undefined,
    SourceIdentity: sourceIdentity,
  };
}
