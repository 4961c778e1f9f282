// One line of the audit log. Names as AWS and the API spell them, so that it joins CloudTrail without a map. What is
// undefined is not in the line.
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
  readonly Principal?:
    | {
        readonly Issuer: string;
        readonly Subject: string;
        /** `jti`, or the assertion's ID (CloudTrail's sAMLAssertionID). */
        readonly ProofId?: string | undefined;
        readonly IssuedAt: string;
        readonly ExpiresAt: string;
      }
    | undefined;
  /** The role asked for, or the one decided. */
  readonly Role?: string | undefined;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly RolesFrom?: string | undefined;
  readonly Operation?: Operation | undefined;
  readonly RoleArn?: string | undefined;
  /** ARNs of the roles taken on before it, in order. */
  readonly Chain?: readonly string[] | undefined;
  /** SerialNumber of the MFA device whose code came with the request. */
  readonly MfaSerialNumber?: string | undefined;
  readonly Grant?: string | undefined;
  readonly Session?:
    | {
        /** RoleSessionName, or Name of the federated user. */
        readonly Name?: string | undefined;
        readonly DurationSeconds: number;
        readonly DurationLimitedBy: DurationLimit;
        /** SHA-256 of the session policy's text, hex. */
        readonly PolicySha256?: string | undefined;
        readonly PolicyArns?: readonly string[] | undefined;
        readonly Tags?: Readonly<Record<string, string>> | undefined;
        readonly TransitiveTagKeys?: readonly string[] | undefined;
        readonly SourceIdentity?: string | undefined;
      }
    | undefined;
  /** The credentials are for a console sign-in. */
  readonly Console?:
    | { readonly Destination: string; readonly SessionDuration?: number | undefined }
    | undefined;
  readonly Reason?: string | undefined;
  /** Whom an operator asked about, as they wrote it or by the record of that request. */
  readonly About?:
    | {
        readonly Issuer?: string | undefined;
        readonly Subject?: string | undefined;
        readonly RequestId?: string | undefined;
      }
    | undefined;
  readonly Issued?:
    | {
        readonly AccessKeyId: string;
        readonly Expiration: string;
        /** Where STS's own limit was less than what was decided. */
        readonly DurationLimitedBy?: DurationLimit | undefined;
        readonly Arn?: string | undefined;
        readonly AssumedRoleId?: string | undefined;
        readonly PackedPolicySize?: number | undefined;
        readonly SourceIdentity?: string | undefined;
        /** CloudTrail's requestID; of the call that issued them, where they come from the cache. */
        readonly StsRequestId?: string | undefined;
        /** Until when the console URL can be opened that was given in place of the credentials. */
        readonly ConsoleUrlExpires?: string | undefined;
        /** Issued for an earlier request of the same caller. */
        readonly Cached?: true | undefined;
        /** With less life left than promised, because STS could not be asked. */
        readonly Stale?: true | undefined;
      }
    | undefined;
  /** Of the call that decoded a message; an issued session has its own. */
  readonly StsRequestId?: string | undefined;
  readonly Error?:
    | {
        readonly Code: ErrorCode;
        readonly Reason: string;
        /** Where STS refused: its own code. */
        readonly StsCode?: string | undefined;
        /** CloudTrail's requestID, of a call that STS refused, or whose credentials could not be signed in with. */
        readonly StsRequestId?: string | undefined;
      }
    | undefined;
}
