// The compiled policy: grants and roles of one config, ready to be asked. Built once, then only read.
import type { Config } from '../config/schema/config.js';
import type { RoleConfig } from '../config/schema/role.js';
import type { Fault } from '../core/fault.js';
import type { Hop, IssuerType, Principal, Target } from '../core/types.js';
import { type ClaimedRoles, compileClaimedRoles } from './claimed-roles.js';
import { type Demands, demandsOf } from './demands.js';
import { type CompiledGrant, compileGrant } from './grant.js';
import { type GrantIndex, indexByRole, indexGrants } from './grant-index.js';
import { type CompiledSession, compileSession, type Findings } from './session.js';
import type { Aliases } from './situation.js';
import { compileStrength } from './strength.js';

export interface CompiledRole extends Demands {
  /** Its name in the config, or the ARN by which a claim names it. */
  readonly name: string;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly family?: string;
  /** Its place in the config, from 0. */
  readonly position: number;
  readonly target: Target;
  /** The only type of proof that STS can be given for it; undefined: any. */
  readonly proofType?: IssuerType;
  readonly session: CompiledSession;
}

export interface Policy {
  readonly issuerTypes: ReadonlyMap<string, IssuerType>;
  /** Issuers whose assertions are addressed to the broker: STS would not take one. */
  readonly forBroker: ReadonlySet<string>;
  readonly roles: ReadonlyMap<string, CompiledRole>;
  /** The same, in the order of the config. */
  readonly roleList: readonly CompiledRole[];
  /** The same, by the ARN of their IAM role: several may have one. */
  readonly rolesByArn: ReadonlyMap<string, readonly CompiledRole[]>;
  /** Roles that a claim names, by entry of `rolesFrom`. */
  readonly claimedRoles: readonly ClaimedRoles[];
  /** Names of the entries of `rolesFrom`. */
  readonly families: readonly string[];
  /** By the order of the config. */
  readonly grants: readonly CompiledGrant[];
  /** Those of any issuer that cover a role by one of its names, by the order of the config. */
  covering(names: readonly string[]): readonly CompiledGrant[];
  /** By issuer, so that a decision reads only the grants that can matter. */
  readonly indexByIssuer: ReadonlyMap<string, GrantIndex>;
  readonly aliases: Aliases;
  /** Whether its issuer says that it used several factors. */
  severalFactors(principal: Principal): boolean;
  /** Of roles that set none. */
  readonly region: string;
}

/** The only type of proof that STS can be given; undefined: STS does not see the proof. */
function proofTypeOf(target: Target): IssuerType | undefined {
  if (target.operation === 'AssumeRoleWithSAML') return 'saml';
  if (target.operation === 'AssumeRoleWithWebIdentity' && target.webIdentity === 'caller') return 'oidc';
  return undefined;
}

/** Compiles roles and grants. The policy may be used only if there are no faults. */
export function compilePolicy(config: Config): {
  readonly policy: Policy;
  readonly faults: readonly Fault[];
  /** What may go wrong, and does not keep the policy from being used. */
  readonly warnings: readonly Fault[];
} {
  const findings = { faults: [] as Fault[], warnings: [] as Fault[] };
  const { faults } = findings;
  const roleList = Object.entries(config.roles).map(([name, role], position) =>
    compileRole(name, position, role, findings),
  );
  const rolesByArn = byArn(roleList);
  const configured = new Set([...rolesByArn.keys()].map((arn) => arn.toLowerCase()));
  const families = Object.keys(config.rolesFrom ?? {});
  const claimedRoles = Object.entries(config.rolesFrom ?? {}).map(([name, entry], index) => {
    const session = compileSession(entry, ['rolesFrom', name], findings);
    return compileClaimedRoles(name, roleList.length + index, entry, session, configured);
  });
  const issuers = Object.entries(config.issuers);
  const strengths = new Map(issuers.map(([name, issuer]) => [name, compileStrength(issuer)]));
  const grants = config.grants.map((grant, position) => compileGrant(grant, position, strengths, faults));
  const policy = {
    issuerTypes: new Map(issuers.map(([name, { type }]) => [name, type] as const)),
    forBroker: new Set(
      issuers.flatMap(([name, issuer]) =>
        issuer.type === 'saml' && issuer.audience === 'sallyport' ? [name] : [],
      ),
    ),
    roles: new Map(roleList.map((role) => [role.name, role])),
    roleList,
    rolesByArn,
    families,
    claimedRoles,
    grants,
    covering: indexByRole(grants),
    indexByIssuer: new Map(
      issuers.map(([name]) => [
        name,
        indexGrants(grants.filter((grant) => grant.issuers?.has(name) ?? true)),
      ]),
    ),
    aliases: new Map(
      issuers.flatMap(([name, issuer]) =>
        issuer.type === 'saml' && issuer.aliases ? [[name, issuer.aliases] as const] : [],
      ),
    ),
    severalFactors: ({ issuer, claims }: Principal) => strengths.get(issuer)?.holds(claims) ?? false,
    region: config.aws.region,
  };
  return { policy, ...findings };
}

function byArn(roles: readonly CompiledRole[]): ReadonlyMap<string, readonly CompiledRole[]> {
  const named = new Map<string, CompiledRole[]>();
  for (const role of roles) {
    if (!('roleArn' in role.target)) continue;
    const { roleArn } = role.target;
    named.set(roleArn, [...(named.get(roleArn) ?? []), role]);
  }
  return named;
}

function compileRole(name: string, position: number, role: RoleConfig, findings: Findings): CompiledRole {
  const target = targetOf(role);
  const proofType = proofTypeOf(target);
  return {
    name,
    position,
    target,
    ...(proofType && { proofType }),
    ...demandsOf(role),
    session: compileSession(role, ['roles', name], findings),
  };
}

function targetOf(role: RoleConfig): Target {
  switch (role.via) {
    case 'AssumeRole':
      return { operation: role.via, ...hopOf(role), chain: (role.chain ?? []).map(hopOf) };
    case 'AssumeRoleWithSAML':
      return { operation: role.via, roleArn: role.roleArn, principalArn: role.principalArn };
    case 'AssumeRoleWithWebIdentity':
      return { operation: role.via, roleArn: role.roleArn, webIdentity: role.webIdentity ?? 'caller' };
    case 'GetFederationToken':
    case 'GetSessionToken':
      return { operation: role.via };
  }
}

function hopOf(hop: string | Hop): Hop {
  if (typeof hop === 'string') return { roleArn: hop };
  const { roleArn, externalId } = hop;
  return { roleArn, ...(externalId !== undefined && { externalId }) };
}
