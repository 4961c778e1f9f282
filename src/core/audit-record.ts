// One line of the audit log. Member names are those of AWS and of the HTTP API, so that records join CloudTrail without
// a mapping. Undefined members are omitted.
import type { ErrorCode } from './errors.js';
import type { DurationLimit, IssuerType, Operation } from './types.js';

/**
 * `intent` before STS is called; `issued`, `denied` (by policy or proof) or `failed` (by STS or an internal error) before
 * the response. Requests that issue nothing: `previewed` (a caller about itself), `explained` (an operator about
 * anyone), `decoded` (an authorization message).
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
  /** The requested role, or the one that was decided. */
  readonly Role?: string | undefined;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly RolesFrom?: string | undefined;
  readonly Operation?: Operation | undefined;
  readonly RoleArn?: string | undefined;
  /** ARNs of the roles assumed before it, in order. */
  readonly Chain?: readonly string[] | undefined;
  /** SerialNumber of the MFA device whose code is in the request. */
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
  /** Who an `explained` request is about: as the operator wrote it, or from the record of another request. */
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
        /** Present if the lifetime is not the decided one: `chain` or `sts`. */
        readonly DurationLimitedBy?: DurationLimit | undefined;
        readonly Arn?: string | undefined;
        readonly AssumedRoleId?: string | undefined;
        readonly PackedPolicySize?: number | undefined;
        readonly SourceIdentity?: string | undefined;
        /** CloudTrail's requestID. For cached credentials, of the call that issued them. */
        readonly StsRequestId?: string | undefined;
        /** When the console sign-in URL expires that was returned instead of the credentials. */
        readonly ConsoleUrlExpires?: string | undefined;
        /** Issued for an earlier request of the same caller. */
        readonly Cached?: true | undefined;
        /** With less lifetime left than usual, because STS was unavailable. */
        readonly Stale?: true | undefined;
      }
    | undefined;
  /** Of the call that decoded a message. For issued credentials, see `Issued`. */
  readonly StsRequestId?: string | undefined;
  readonly Error?:
    | {
        readonly Code: ErrorCode;
        readonly Reason: string;
        /** STS's own error code. */
        readonly StsCode?: string | undefined;
        /** CloudTrail's requestID of a call that STS refused, or whose credentials AWS sign-in refused. */
        readonly StsRequestId?: string | undefined;
      }
    | undefined;
}
