// One line of the audit log. Names as AWS and the API spell them, so that it joins CloudTrail without a map.
import type { ErrorCode } from './errors.js';
import type { DurationLimit, IssuerType, Operation } from './types.js';

/**
 * `intent` before STS is called; `issued`, `denied` (by policy or proof) or `failed` (by STS or a fault) before the answer.
 * Where nothing is issued: `previewed` (a caller about itself), `explained` (an operator about anyone), `decoded` (an
 * authorization message).
 */
export type AuditEvent = 'intent' | 'issued' | 'previewed' | 'explained' | 'decoded' | 'denied' | 'failed';

export interface AuditRecord {
  readonly Version: 1;
  /** ISO 8601 in UTC, milliseconds. */
  readonly Time: string;
  readonly Event: AuditEvent;
  readonly RequestId: string;
  readonly Surface: string;
  readonly SourceAddress: string;
  readonly ProofType: IssuerType;
  readonly Principal?: {
    readonly Issuer: string;
    readonly Subject: string;
    /** `jti`, or the assertion's ID (CloudTrail's sAMLAssertionID). */
    readonly ProofId?: string;
    readonly IssuedAt: string;
    readonly ExpiresAt: string;
  };
  /** The role asked for, or the one decided. */
  readonly Role?: string;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly RolesFrom?: string;
  readonly Operation?: Operation;
  readonly RoleArn?: string;
  /** ARNs of the roles taken on before it, in order. */
  readonly Chain?: readonly string[];
  /** SerialNumber of the MFA device whose code came with the request. */
  readonly MfaSerialNumber?: string;
  readonly Grant?: string;
  readonly Session?: {
    /** RoleSessionName, or Name of the federated user. */
    readonly Name?: string;
    readonly DurationSeconds: number;
    readonly DurationLimitedBy: DurationLimit;
    /** SHA-256 of the session policy's text, hex. */
    readonly PolicySha256?: string;
    readonly PolicyArns?: readonly string[];
    readonly Tags?: Readonly<Record<string, string>>;
    readonly TransitiveTagKeys?: readonly string[];
    readonly SourceIdentity?: string;
  };
  /** The credentials are for a console sign-in. */
  readonly Console?: { readonly Destination: string; readonly SessionDuration?: number };
  readonly Reason?: string;
  /** Whom an operator asked about, as they wrote it or by the record of that request. */
  readonly About?: { readonly Issuer?: string; readonly Subject?: string; readonly RequestId?: string };
  readonly Issued?: {
    readonly AccessKeyId: string;
    readonly Expiration: string;
    /** Where STS's own limit was less than what was decided. */
    readonly DurationLimitedBy?: DurationLimit;
    readonly Arn?: string;
    readonly AssumedRoleId?: string;
    readonly PackedPolicySize?: number;
    readonly SourceIdentity?: string;
    /** CloudTrail's requestID; of the call that issued them, where they come from the cache. */
    readonly StsRequestId?: string;
    /** Until when the console URL can be opened that was given in place of the credentials. */
    readonly ConsoleUrlExpires?: string;
    /** Issued for an earlier request of the same caller. */
    readonly Cached?: true;
    /** With less life left than promised, because STS could not be asked. */
    readonly Stale?: true;
  };
  /** Of the call that decoded a message; an issued session has its own. */
  readonly StsRequestId?: string;
  readonly Error?: {
    readonly Code: ErrorCode;
    readonly Reason: string;
    /** Where STS refused: its own code. */
    readonly StsCode?: string;
    /** CloudTrail's requestID, of a call that STS refused, or whose credentials could not be signed in with. */
    readonly StsRequestId?: string;
  };
}
