// Explained -> JSON.
import type { RoleExplanation } from '../../../authz/explain/explain.js';
import type { AuditRecord } from '../../../core/audit-record.js';
import type { Decision } from '../../../core/types.js';
import type { Explained } from '../../../exchange/explain.js';
import type { ExplainAnswer } from './schema.js';

export function renderExplained({
  principal,
  sourceAddress,
  claimsKnown,
  record,
  roles,
}: Explained): ExplainAnswer {
  return {
    ...(principal && { Principal: { Issuer: principal.issuer, Subject: principal.subject } }),
    SourceAddress: sourceAddress,
    ClaimsKnown: claimsKnown,
    ...(record && { Record: renderRecord(record) }),
    Roles: roles.map(renderRole),
  };
}

function renderRecord({ Time, Event, Role, Grant, Error: refusal }: AuditRecord) {
  return {
    Time,
    Event,
    ...(Role !== undefined && { Role }),
    ...(Grant !== undefined && { Grant }),
    ...(refusal && { Error: refusal }),
  };
}

function renderRole({
  role,
  permitted,
  decision,
  refusal,
  grants,
}: RoleExplanation): ExplainAnswer['Roles'][number] {
  return {
    Role: role,
    ...(permitted !== undefined && { Permitted: permitted }),
    ...(decision && renderDecision(decision)),
    ...(refusal && { Refusal: { Code: refusal.code, Detail: refusal.detail } }),
    Grants: grants.map(({ id, effect, applies, conditions }) => ({
      Id: id,
      Effect: effect,
      ...(applies !== undefined && { Applies: applies }),
      Conditions: conditions.map(({ on, wanted, seen, holds, failure }) => ({
        On: on,
        Wanted: wanted,
        ...(seen !== undefined && { Seen: seen }),
        ...(holds !== undefined && { Holds: holds }),
        ...(failure !== undefined && { Failure: failure }),
      })),
    })),
  };
}

function renderDecision({ grant, target, session, durationLimitedBy }: Decision) {
  const { name, durationSeconds, policy, policyArns, tags, transitiveTags, sourceIdentity } = session;
  return {
    Grant: grant,
    Operation: target.operation,
    ...('roleArn' in target && { RoleArn: target.roleArn }),
    Session: {
      ...(name !== undefined && { Name: name }),
      DurationSeconds: durationSeconds,
      DurationLimitedBy: durationLimitedBy,
      ...(policy !== undefined && { Policy: policy }),
      ...(policyArns && { PolicyArns: [...policyArns] }),
      ...(tags && { Tags: { ...tags } }),
      ...(transitiveTags && { TransitiveTagKeys: [...transitiveTags] }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    },
  };
}
