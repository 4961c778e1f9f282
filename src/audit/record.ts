// Builds the audit records of a request, one function per event. Records hold no secrets.
import { hash } from 'node:crypto';
import { NAME_PATTERN } from '../config/schema/primitives.js';
import { IAM_ROLE_ARN_PATTERN, ROLE_URN } from '../core/arn.js';
import type { AuditEvent, AuditRecord } from '../core/audit-record.js';
import { ERRORS, type SallyportError } from '../core/errors.js';
import { toIsoSeconds } from '../core/time.js';
import type { Decision, ExchangeRequest, IssuedCredentials, Principal } from '../core/types.js';

/** What is known about a request so far. */
export interface Progress {
  readonly request: ExchangeRequest;
  readonly principal?: Principal;
  readonly decision?: Decision;
  /** The principal that an operator requests an explanation for, if known. */
  readonly about?: {
    readonly issuer?: string | undefined;
    readonly subject?: string | undefined;
    readonly requestId?: string | undefined;
  };
}

export function intentRecord(progress: Progress, now: Date): AuditRecord {
  return base('intent', progress, now);
}

export function issuedRecord(progress: Progress, issued: IssuedCredentials, now: Date): AuditRecord {
  const { credentials, assumedRoleUser, federatedUser, packedPolicySize, sourceIdentity } = issued;
  const { durationLimitedBy, stsRequestId, signin, cached } = issued;
  return {
    ...base('issued', progress, now),
    Issued: {
      AccessKeyId: credentials.accessKeyId,
      Expiration: toIsoSeconds(credentials.expiration),
      DurationLimitedBy: durationLimitedBy,
      Arn: assumedRoleUser?.arn ?? federatedUser?.arn,
      AssumedRoleId: assumedRoleUser?.assumedRoleId,
      PackedPolicySize: packedPolicySize,
      SourceIdentity: sourceIdentity,
      StsRequestId: stsRequestId,
      ConsoleUrlExpires: signin && toIsoSeconds(signin.expires),
      Cached: cached && true,
      Stale: cached === 'stale' || undefined,
    },
  };
}

export function previewedRecord(progress: Progress, now: Date): AuditRecord {
  return base('previewed', progress, now);
}

export function explainedRecord(progress: Progress, now: Date): AuditRecord {
  return base('explained', progress, now);
}

/** Without the message. */
export function decodedRecord(progress: Progress, stsRequestId: string | undefined, now: Date): AuditRecord {
  return {
    ...base('decoded', progress, now),
    StsRequestId: stsRequestId,
  };
}

/** `denied` if the broker refused the request; `failed` if it could not decide, or if issuing failed after the decision. */
export function refusedRecord(progress: Progress, error: SallyportError, now: Date): AuditRecord {
  const event = progress.decision === undefined && ERRORS[error.code].status < 500 ? 'denied' : 'failed';
  return {
    ...base(event, progress, now),
    Error: {
      Code: error.code,
      Reason: error.reason,
      StsCode: error.sts?.code,
      StsRequestId: error.sts?.requestId,
    },
  };
}

function base(event: AuditEvent, { request, principal, decision, about }: Progress, now: Date): AuditRecord {
  return {
    Version: 1,
    Time: now.toISOString(),
    Event: event,
    RequestId: request.requestId,
    Surface: request.surface,
    SourceAddress: request.sourceAddress,
    ProofType: request.proof.type,
    Principal: principal && principalFields(principal),
    Role: decision?.role ?? requestedRole(request),
    ...(decision && decisionFields(decision)),
    MfaSerialNumber: request.mfa?.serialNumber,
    Reason: decision?.reason ?? request.reason,
    // Without claims: audit records hold none.
    About: about && { Issuer: about.issuer, Subject: about.subject, RequestId: about.requestId },
  };
}

const ROLE = new RegExp(`${NAME_PATTERN}|^${ROLE_URN}${NAME_PATTERN.slice(1)}|${IAM_ROLE_ARN_PATTERN}`);

/** Undefined if no role can have that name: it may be a misplaced token. */
const requestedRole = ({ role }: ExchangeRequest) =>
  role !== undefined && ROLE.test(role) ? role : undefined;

type PrincipalFields = NonNullable<AuditRecord['Principal']>;

/** A reusable token yields the same principal object each time. */
const fieldsByPrincipal = new WeakMap<Principal, PrincipalFields>();

function principalFields(principal: Principal): PrincipalFields {
  const known = fieldsByPrincipal.get(principal);
  if (known) return known;
  const { issuer, subject, proofId, issuedAt, expiresAt } = principal;
  const fields = {
    Issuer: issuer,
    Subject: subject,
    ProofId: proofId,
    IssuedAt: new Date(issuedAt * 1000).toISOString(),
    ExpiresAt: new Date(expiresAt * 1000).toISOString(),
  };
  fieldsByPrincipal.set(principal, fields);
  return fields;
}

function decisionFields({
  target,
  rolesFrom,
  grant,
  session,
  durationLimitedBy,
  console: signin,
}: Decision): Partial<AuditRecord> {
  const { name, durationSeconds, policy, policyArns, tags, transitiveTags, sourceIdentity } = session;
  const chain = target.operation === 'AssumeRole' ? target.chain : [];
  return {
    RolesFrom: rolesFrom,
    Operation: target.operation,
    RoleArn: 'roleArn' in target ? target.roleArn : undefined,
    Chain: chain.length > 0 ? chain.map(({ roleArn }) => roleArn) : undefined,
    Grant: grant,
    Session: {
      Name: name,
      DurationSeconds: durationSeconds,
      DurationLimitedBy: durationLimitedBy,
      PolicySha256: policy === undefined ? undefined : hash('sha256', policy, 'hex'),
      PolicyArns: policyArns,
      Tags: tags,
      TransitiveTagKeys: transitiveTags,
      SourceIdentity: sourceIdentity,
    },
    Console: signin && { Destination: signin.destination, SessionDuration: signin.sessionDuration },
  };
}
