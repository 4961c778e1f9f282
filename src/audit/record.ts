// What the audit log says of a request: one function for each event, values in, record out. No secrets go in.
import { createHash } from 'node:crypto';
import type { AuditEvent, AuditRecord } from '../core/audit-record.js';
import { ERRORS, type SallyportError } from '../core/errors.js';
import { wholeSecond } from '../core/time.js';
import type { Decision, ExchangeRequest, Issued, Principal } from '../core/types.js';

/** How far the request came; later stages add what they know. */
export interface Progress {
  readonly request: ExchangeRequest;
  readonly principal?: Principal;
  readonly decision?: Decision;
  /** Whom an operator asks about, as far as that is known. */
  readonly about?: {
    readonly issuer?: string | undefined;
    readonly subject?: string | undefined;
    readonly requestId?: string | undefined;
  };
}

export function intentRecord(progress: Progress, now: Date): AuditRecord {
  return base('intent', progress, now);
}

export function issuedRecord(progress: Progress, issued: Issued, now: Date): AuditRecord {
  const { credentials, assumedRoleUser, federatedUser, packedPolicySize, sourceIdentity } = issued;
  const { durationLimitedBy, stsRequestId, signin, cached } = issued;
  const arn = assumedRoleUser?.arn ?? federatedUser?.arn;
  return {
    ...base('issued', progress, now),
    Issued: {
      AccessKeyId: credentials.accessKeyId,
      Expiration: wholeSecond(credentials.expiration),
      ...(durationLimitedBy && { DurationLimitedBy: durationLimitedBy }),
      ...(arn !== undefined && { Arn: arn }),
      ...(assumedRoleUser && { AssumedRoleId: assumedRoleUser.assumedRoleId }),
      ...(packedPolicySize !== undefined && { PackedPolicySize: packedPolicySize }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
      ...(stsRequestId !== undefined && { StsRequestId: stsRequestId }),
      ...(signin && { ConsoleUrlExpires: wholeSecond(signin.expires) }),
      ...(cached && { Cached: true }),
      ...(cached === 'stale' && { Stale: true }),
    },
  };
}

export function previewedRecord(progress: Progress, now: Date): AuditRecord {
  return base('previewed', progress, now);
}

export function explainedRecord(progress: Progress, now: Date): AuditRecord {
  return base('explained', progress, now);
}

/** Who had an authorization message decoded; not what it says. */
export function decodedRecord(progress: Progress, stsRequestId: string | undefined, now: Date): AuditRecord {
  return {
    ...base('decoded', progress, now),
    ...(stsRequestId !== undefined && { StsRequestId: stsRequestId }),
  };
}

/** `denied` when the broker said no; `failed` when it could not decide, or said yes and STS did not deliver. */
export function refusedRecord(progress: Progress, error: SallyportError, now: Date): AuditRecord {
  const event = progress.decision === undefined && ERRORS[error.code].status < 500 ? 'denied' : 'failed';
  const { code, requestId } = error.sts ?? {};
  return {
    ...base(event, progress, now),
    Error: {
      Code: error.code,
      Reason: error.reason,
      ...(code !== undefined && { StsCode: code }),
      ...(requestId !== undefined && { StsRequestId: requestId }),
    },
  };
}

function base(event: AuditEvent, { request, principal, decision, about }: Progress, now: Date): AuditRecord {
  const role = decision?.role ?? request.role;
  const reason = decision?.reason ?? request.reason;
  return {
    Version: 1,
    Time: now.toISOString(),
    Event: event,
    RequestId: request.requestId,
    Surface: request.surface,
    SourceAddress: request.sourceAddress,
    ProofType: request.proof.type,
    ...(principal && { Principal: principalFields(principal) }),
    ...(role !== undefined && { Role: role }),
    ...(decision && decisionFields(decision)),
    ...(request.mfa && { MfaSerialNumber: request.mfa.serialNumber }),
    ...(reason !== undefined && { Reason: reason }),
    ...(about && { About: aboutFields(about) }),
  };
}

/** Whom, not with which claims: a record holds none. */
const aboutFields = ({ issuer, subject, requestId }: NonNullable<Progress['about']>) => ({
  ...(issuer !== undefined && { Issuer: issuer }),
  ...(subject !== undefined && { Subject: subject }),
  ...(requestId !== undefined && { RequestId: requestId }),
});

function principalFields(principal: Principal): NonNullable<AuditRecord['Principal']> {
  return {
    Issuer: principal.issuer,
    Subject: principal.subject,
    ...(principal.proofId !== undefined && { ProofId: principal.proofId }),
    IssuedAt: new Date(principal.issuedAt * 1000).toISOString(),
    ExpiresAt: new Date(principal.expiresAt * 1000).toISOString(),
  };
}

function decisionFields(decision: Decision) {
  const { target, rolesFrom, grant, session, durationLimitedBy, console: signin } = decision;
  const { name, policy, policyArns, tags, transitiveTags, sourceIdentity } = session;
  const chain = target.operation === 'AssumeRole' ? target.chain : [];
  return {
    ...(rolesFrom !== undefined && { RolesFrom: rolesFrom }),
    Operation: target.operation,
    ...('roleArn' in target && { RoleArn: target.roleArn }),
    ...(chain.length > 0 && { Chain: chain.map(({ roleArn }) => roleArn) }),
    Grant: grant,
    Session: {
      ...(name !== undefined && { Name: name }),
      DurationSeconds: session.durationSeconds,
      DurationLimitedBy: durationLimitedBy,
      ...(policy !== undefined && { PolicySha256: createHash('sha256').update(policy).digest('hex') }),
      ...(policyArns && { PolicyArns: policyArns }),
      ...(tags && { Tags: tags }),
      ...(transitiveTags && { TransitiveTagKeys: transitiveTags }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    },
    ...(signin && {
      Console: {
        Destination: signin.destination,
        ...(signin.sessionDuration !== undefined && { SessionDuration: signin.sessionDuration }),
      },
    }),
  };
}
