// The pipeline stopped after `decide`, with the reasons: a caller's own, or, for an operator, anybody's. Nothing is
// issued. A caller learns nothing of roles it may not have; whoever a grant permits to `explain` may read every rule,
// and that they did is recorded.
import { explainedRecord, type Progress, previewedRecord } from '../audit/record.js';
import { hasPermission } from '../authz/decide.js';
import {
  explainAllRoles,
  explainByName,
  explainToCaller,
  type RoleExplanation,
} from '../authz/explain/explain.js';
import { type PrincipalDescription, simulatePrincipal } from '../authz/explain/simulated-principal.js';
import type { Policy } from '../authz/policy.js';
import type { AuditRecord } from '../core/audit-record.js';
import { SallyportError } from '../core/errors.js';
import type { FindRecord } from '../core/ports.js';
import type { ExchangeRequest, Principal } from '../core/types.js';
import type { Stages } from './exchange.js';
import { limitPrincipal } from './limit-principal.js';
import type { PreviewRequest } from './preview.js';
import { record, recordRefusal } from './write-audit.js';

interface ExplainRequest extends PreviewRequest, Pick<ExchangeRequest, 'role'> {
  /** Somebody else, as an operator describes them. */
  readonly about?: Partial<PrincipalDescription> & { readonly sourceAddress?: string };
  /** Whoever made this earlier request, by the audit log. What `about` says besides goes before it. */
  readonly recordOf?: string;
}

export interface Explained {
  /** Absent where the proof of a recorded request was refused. */
  readonly principal?: Pick<Principal, 'issuer' | 'subject'>;
  readonly sourceAddress: string;
  /** The audit log does not keep claims: without them only what needs none is explained. */
  readonly claimsKnown: boolean;
  readonly record?: AuditRecord;
  readonly roles: readonly RoleExplanation[];
}

/** @throws SallyportError when the proof is refused, or the caller may not ask about others; after it has been recorded. */
export type Explain = (request: ExplainRequest) => Promise<Explained>;

/** Rules in one answer. A config may have more, role by role, than anybody reads or the broker should hold. */
const MAX_RULES = 20_000;

export function createExplain({
  snapshot,
  limiter,
  audit,
  findRecord,
  now,
}: Omit<Stages, 'reportDifference'> & { readonly findRecord: FindRecord }): Explain {
  return async (request) => {
    const { authenticate, policy } = snapshot();
    const { proof, sourceAddress, role, about, recordOf } = request;
    const asksAboutSelf = about === undefined && recordOf === undefined;
    let progress: Progress = { request, ...(!asksAboutSelf && { about: { ...about, requestId: recordOf } }) };
    try {
      const caller = await authenticate(proof, now());
      progress = { ...progress, principal: caller };
      await limitPrincipal(limiter, caller);
      if (asksAboutSelf) {
        const roles = explainToCaller(
          policy,
          caller,
          { sourceAddress, ...(role !== undefined && { role }) },
          now(),
        );
        await record(audit, previewedRecord(progress, now()));
        return { principal: caller, sourceAddress, claimsKnown: true, roles };
      }
      if (!hasPermission('explain', policy, caller, { sourceAddress }, now()))
        throw new SallyportError('permission_missing');
      const found = recordOf === undefined ? undefined : await findRecord(recordOf);
      if (recordOf !== undefined && !found) throw new SallyportError('record_unknown');
      const explained = explainOther(policy, request, found, now());
      progress = { ...progress, about: { ...explained.principal, requestId: recordOf } };
      await record(audit, explainedRecord(progress, now()));
      return explained;
    } catch (error) {
      throw await recordRefusal(audit, progress, error, now());
    }
  };
}

function explainOther(
  policy: Policy,
  { about, role }: ExplainRequest,
  record: AuditRecord | undefined,
  now: Date,
): Explained {
  const recorded = record?.Principal;
  const description: Partial<PrincipalDescription> = {
    ...(recorded && { issuer: recorded.Issuer, subject: recorded.Subject }),
    ...about,
  };
  const { issuer } = description;
  const sourceAddress = about?.sourceAddress ?? record?.SourceAddress ?? '127.0.0.1';
  const claimsKnown = description.claims !== undefined;
  const answer = { sourceAddress, claimsKnown, ...(record && { record }) };
  // The proof itself was refused: who asked is not known, and the record says why.
  if (issuer === undefined && record) return { ...answer, roles: [] };
  const at = record ? new Date(record.Time) : now;
  const principal =
    issuer === undefined ? undefined : simulatePrincipal(policy, { ...description, issuer }, at);
  if (!principal) {
    const detail = 'Write in Principal.Issuer the name of an issuer in the config.';
    throw new SallyportError('parameter_invalid', { reason: 'parameter.issuer', detail });
  }
  const asked = role ?? record?.Role;
  const question = { sourceAddress, claimsKnown };
  const roles =
    asked === undefined
      ? bounded(explainAllRoles(policy, principal, question, at))
      : explainByName(policy, principal, { ...question, role: asked }, at);
  return { ...answer, principal, roles };
}

function bounded(explanations: Iterable<RoleExplanation>): readonly RoleExplanation[] {
  const roles: RoleExplanation[] = [];
  let rules = 0;
  for (const explanation of explanations) {
    rules += explanation.grants.length;
    if (rules > MAX_RULES) {
      const detail = 'The config has too many rules to explain every role at once. Name one in Role.';
      throw new SallyportError('parameter_invalid', { reason: 'parameter.role', detail });
    }
    roles.push(explanation);
  }
  return roles;
}
