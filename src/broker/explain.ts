// The pipeline stopped after `decide`, with the reasons: a caller's own, or, for an operator, anybody's. Nothing is
// issued. A caller learns nothing of roles it may not have; whoever a grant permits to `explain` may read every rule.
import { mayDo, permittedRoles } from '../authz/decide.js';
import { describedPrincipal, type PrincipalDescription } from '../authz/described-principal.js';
import { explainOwnRole, explainRole, type RoleExplanation, rolesFor } from '../authz/explain.js';
import type { Policy } from '../authz/policy.js';
import type { AuditRecord } from '../core/audit-record.js';
import { SallyportError } from '../core/errors.js';
import type { FindRecord } from '../core/ports.js';
import type { ExchangeRequest, Principal } from '../core/types.js';
import type { Stages } from './exchange.js';
import { limitPrincipal } from './limit-principal.js';

interface ExplainRequest extends Pick<ExchangeRequest, 'proof' | 'sourceAddress' | 'role'> {
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

/** @throws SallyportError when the proof is refused, or the caller may not ask about others. */
export type Explain = (request: ExplainRequest) => Promise<Explained>;

export function createExplain({
  snapshot,
  limiter,
  findRecord,
  now,
}: Pick<Stages, 'snapshot' | 'limiter' | 'now'> & { readonly findRecord: FindRecord }): Explain {
  return async (request) => {
    const { authenticate, policy } = snapshot();
    const { proof, sourceAddress, about, recordOf } = request;
    const caller = await authenticate(proof, now());
    await limitPrincipal(limiter, caller);
    if (about === undefined && recordOf === undefined) return explainSelf(policy, caller, request, now());
    if (!mayDo('explain', policy, caller, { sourceAddress }, now()))
      throw new SallyportError('permission_missing');
    const record = recordOf === undefined ? undefined : await findRecord(recordOf);
    if (recordOf !== undefined && !record) throw new SallyportError('record_unknown');
    return explainOther(policy, request, record, now());
  };
}

function explainSelf(
  policy: Policy,
  principal: Principal,
  { sourceAddress, role }: ExplainRequest,
  now: Date,
): Explained {
  const roles =
    role === undefined
      ? permittedRoles(policy, principal, { sourceAddress }, now).map((permitted) => permitted.role.name)
      : [role];
  return {
    principal,
    sourceAddress,
    claimsKnown: true,
    roles: roles.map((name) => explainOwnRole(policy, principal, { role: name, sourceAddress }, now)),
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
    issuer === undefined ? undefined : describedPrincipal(policy, { ...description, issuer }, at);
  if (!principal) {
    const detail = 'Write in Principal.Issuer the name of an issuer in the config.';
    throw new SallyportError('parameter_invalid', { reason: 'parameter.issuer', detail });
  }
  const asked = role ?? record?.Role;
  const roles = asked === undefined ? rolesFor(policy, principal, sourceAddress, at) : [asked];
  return {
    ...answer,
    principal,
    roles: roles.map((name) =>
      explainRole(policy, principal, { role: name, sourceAddress, claimsKnown }, at),
    ),
  };
}
