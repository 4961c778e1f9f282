// Why a role is permitted or denied, grant by grant, without issuing anything. A caller may ask about itself and learns
// nothing about roles it is not permitted. A caller with the permission `explain` may ask about anyone and sees every
// grant; the audit log records that.
import type { AuditLogReader } from '../audit/query/audit-log-reader.js';
import { explainedRecord, previewedRecord } from '../audit/record.js';
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
import { omitUndefined } from '../core/omit-undefined.js';
import type { ExchangeRequest, Principal } from '../core/types.js';
import type { Pipeline, ProofRequest, RequestContext } from './pipeline.js';

export interface ExplainRequest extends ProofRequest, Pick<ExchangeRequest, 'role'> {
  /** Another principal, described by an operator. */
  readonly about?: Partial<PrincipalDescription> & { readonly sourceAddress?: string };
  /** Request id of an earlier request: explains its principal, from the audit log. `about` takes precedence. */
  readonly recordOf?: string;
}

export interface Explanation {
  /** Absent if the proof of a recorded request was refused. */
  readonly principal?: Pick<Principal, 'issuer' | 'subject'>;
  readonly sourceAddress: string;
  /** The audit log does not hold claims. Without claims, only conditions that need none are evaluated. */
  readonly claimsKnown: boolean;
  readonly record?: AuditRecord;
  readonly roles: readonly RoleExplanation[];
}

/** Grants in one response. A config can have more, role by role, than the broker should hold in memory. */
const MAX_GRANTS = 20_000;

export interface ExplainOptions {
  readonly pipeline: Pipeline;
  readonly auditLogReader: Pick<AuditLogReader, 'findRecord'>;
}

export class Explain {
  readonly #options: ExplainOptions;

  constructor(options: ExplainOptions) {
    this.#options = options;
  }

  /** @throws RefusedRequestError once it is recorded; SallyportError `audit_unavailable` if it cannot be. */
  run(request: ExplainRequest): Promise<Explanation> {
    return this.#options.pipeline.handle(request, (context) =>
      request.about === undefined && request.recordOf === undefined
        ? explainCaller(context)
        : this.#explainOther(context),
    );
  }

  async #explainOther(context: RequestContext<ExplainRequest>): Promise<Explanation> {
    const { request, runtime } = context;
    const { about, recordOf, sourceAddress } = request;
    context.addProgress({ about: { ...about, requestId: recordOf } });
    const caller = await context.authenticateAndLimit();
    if (!hasPermission('explain', runtime.policy, caller, { sourceAddress }, context.now()))
      throw new SallyportError('permission_missing');
    const record =
      recordOf === undefined ? undefined : await this.#options.auditLogReader.findRecord(recordOf);
    if (recordOf !== undefined && !record) throw new SallyportError('record_unknown');
    const explanation = explainDescribed(runtime.policy, request, record, context.now());
    context.addProgress({ about: { ...explanation.principal, requestId: recordOf } });
    await context.record(explainedRecord(context.progress, context.now()));
    return explanation;
  }
}

async function explainCaller(context: RequestContext<ExplainRequest>): Promise<Explanation> {
  const principal = await context.authenticateAndLimit();
  const { sourceAddress, role } = context.request;
  const question = omitUndefined({ sourceAddress, role });
  const roles = explainToCaller(context.runtime.policy, principal, question, context.now());
  await context.record(previewedRecord(context.progress, context.now()));
  return { principal, sourceAddress, claimsKnown: true, roles };
}

function explainDescribed(
  policy: Policy,
  { about, role: requestedRole }: ExplainRequest,
  record: AuditRecord | undefined,
  now: Date,
): Explanation {
  const recorded = record?.Principal;
  const description: Partial<PrincipalDescription> = {
    ...(recorded && { issuer: recorded.Issuer, subject: recorded.Subject }),
    ...about,
  };
  const { issuer } = description;
  const sourceAddress = about?.sourceAddress ?? record?.SourceAddress ?? '127.0.0.1';
  const claimsKnown = description.claims !== undefined;
  const explanation = { sourceAddress, claimsKnown, ...(record && { record }) };
  // The proof itself was refused: the principal is unknown, and the record has the reason.
  if (issuer === undefined && record) return { ...explanation, roles: [] };
  const at = record ? new Date(record.Time) : now;
  const principal =
    issuer === undefined ? undefined : simulatePrincipal(policy, { ...description, issuer }, at);
  if (!principal) {
    const detail = 'Principal.Issuer must be the name of an issuer in the config.';
    throw new SallyportError('parameter_invalid', { reason: 'parameter.issuer', detail });
  }
  const role = requestedRole ?? record?.Role;
  const question = { sourceAddress, claimsKnown };
  const roles =
    role === undefined
      ? limitGrants(explainAllRoles(policy, principal, question, at))
      : explainByName(policy, principal, { ...question, role }, at);
  return { ...explanation, principal, roles };
}

function limitGrants(explanations: Iterable<RoleExplanation>): readonly RoleExplanation[] {
  const roles: RoleExplanation[] = [];
  let grants = 0;
  for (const explanation of explanations) {
    grants += explanation.grants.length;
    if (grants > MAX_GRANTS) {
      const detail =
        'The config has too many grants to explain every role in one request. Name one role in Role.';
      throw new SallyportError('parameter_invalid', { reason: 'parameter.role', detail });
    }
    roles.push(explanation);
  }
  return roles;
}
