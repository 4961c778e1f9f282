// The response of POST /v1/explain.
import type { RoleExplanation } from '../../../authz/explain/explain.js';
import type { AuditRecord } from '../../../core/audit-record.js';
import { omitUndefined } from '../../../core/omit-undefined.js';
import type { Decision } from '../../../core/types.js';
import type { Explanation } from '../../../exchange/explain.js';
import type { ExplainResponse } from './schema.js';

export function renderExplanation({
  principal,
  sourceAddress,
  claimsKnown,
  record,
  roles,
}: Explanation): ExplainResponse {
  return {
    ...(principal && { Principal: { Issuer: principal.issuer, Subject: principal.subject } }),
    SourceAddress: sourceAddress,
    ClaimsKnown: claimsKnown,
    ...(record && { Record: renderRecord(record) }),
    Roles: roles.map(renderRole),
  };
}

const renderRecord = ({ Time, Event, Role, Grant, Error: error }: AuditRecord) =>
  omitUndefined({ Time, Event, Role, Grant, Error: error });

function renderRole({
  role,
  permitted,
  decision,
  refusal,
  grants,
}: RoleExplanation): ExplainResponse['Roles'][number] {
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
        ...omitUndefined({ Seen: seen, Holds: holds, Failure: failure }),
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
    Session: omitUndefined({
      Name: name,
      DurationSeconds: durationSeconds,
      DurationLimitedBy: durationLimitedBy,
      Policy: policy,
      PolicyArns: policyArns && [...policyArns],
      Tags: tags && { ...tags },
      TransitiveTagKeys: transitiveTags && [...transitiveTags],
      SourceIdentity: sourceIdentity,
    }),
  };
}
