// The compiled policy: grants and roles of one config, ready to be asked. Built once, then only read.
import type { Config } from '../config/schema/config.js';
import type { RoleConfig } from '../config/schema/role.js';
import type { ConfigError } from '../core/fault.js';
import type { ChainedRole, IssuerType, Principal, Target } from '../core/types.js';
import { type ClaimRoles, compileClaimRoles } from './claimed-roles.js';
import { type RoleRequirements, roleRequirements } from './demands.js';
import { type CompiledGrant, compileGrant } from './grant.js';
import { type GrantIndex, indexByRole, indexGrants } from './grant-index.js';
import { type CompileFindings, compileSessionTemplate, type SessionTemplate } from './session.js';
import type { Aliases } from './situation.js';
import { compileMfaRule } from './strength.js';

export interface CompiledRole extends RoleRequirements {
  /** Its name in the config, or the ARN by which a claim names it. */
  readonly name: string;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly roleSource?: string;
  /** Its place in the config, from 0. */
  readonly position: number;
  readonly target: Target;
  /** The only type of proof that STS can be given for it; undefined: any. */
  readonly proofType?: IssuerType;
  readonly session: SessionTemplate;
}

export interface Policy {
  readonly issuerTypes: ReadonlyMap<string, IssuerType>;
  /** Issuers whose assertions are addressed to the broker: STS would not take one. */
  readonly brokerAudienceIssuers: ReadonlySet<string>;
  readonly roles: ReadonlyMap<string, CompiledRole>;
  /** The same, in the order of the config. */
  readonly roleList: readonly CompiledRole[];
  /** The same, by the ARN of their IAM role: several may have one. */
  readonly rolesByArn: ReadonlyMap<string, readonly CompiledRole[]>;
  /** Roles that a claim names, by entry of `rolesFrom`. */
  readonly claimRoles: readonly ClaimRoles[];
  /** Names of the entries of `rolesFrom`. */
  readonly roleSources: readonly string[];
  /** By the order of the config. */
  readonly grants: readonly CompiledGrant[];
  /** Those of any issuer that cover a role by one of its names, by the order of the config. */
  covering(names: readonly string[]): readonly CompiledGrant[];
  /** By issuer, so that a decision reads only the grants that can matter. */
  readonly indexByIssuer: ReadonlyMap<string, GrantIndex>;
  readonly aliases: Aliases;
  /** Whether its issuer says that it used several factors. */
  isMfaAuthenticated(principal: Principal): boolean;
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
  readonly faults: readonly ConfigError[];
  /** What may go wrong, and does not keep the policy from being used. */
  readonly warnings: readonly ConfigError[];
} {
  const findings = { faults: [] as ConfigError[], warnings: [] as ConfigError[] };
  const { faults } = findings;
  const roleList = Object.entries(config.roles).map(([name, role], position) =>
    compileRole(name, position, role, findings),
  );
  const rolesByArn = byArn(roleList);
  const configured = new Set([...rolesByArn.keys()].map((arn) => arn.toLowerCase()));
  const roleSources = Object.keys(config.rolesFrom ?? {});
  const claimRoles = Object.entries(config.rolesFrom ?? {}).map(([name, entry], index) => {
    const session = compileSessionTemplate(entry, ['rolesFrom', name], findings);
    return compileClaimRoles(name, roleList.length + index, entry, session, configured);
  });
  const issuers = Object.entries(config.issuers);
  const strengths = new Map(issuers.map(([name, issuer]) => [name, compileMfaRule(issuer)]));
  const grants = config.grants.map((grant, position) => compileGrant(grant, position, strengths, faults));
  const policy = {
    issuerTypes: new Map(issuers.map(([name, { type }]) => [name, type] as const)),
    brokerAudienceIssuers: new Set(
      issuers.flatMap(([name, issuer]) =>
        issuer.type === 'saml' && issuer.audience === 'sallyport' ? [name] : [],
      ),
    ),
    roles: new Map(roleList.map((role) => [role.name, role])),
    roleList,
    rolesByArn,
    roleSources,
    claimRoles,
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
    isMfaAuthenticated: ({ issuer, claims }: Principal) => strengths.get(issuer)?.holds(claims) ?? false,
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

function compileRole(
  name: string,
  position: number,
  role: RoleConfig,
  findings: CompileFindings,
): CompiledRole {
  const target = targetOf(role);
  const proofType = proofTypeOf(target);
  return {
    name,
    position,
    target,
    ...(proofType && { proofType }),
    ...roleRequirements(role),
    session: compileSessionTemplate(role, ['roles', name], findings),
  };
}

function targetOf(role: RoleConfig): Target {
  switch (role.via) {
    case 'AssumeRole':
      return { operation: role.via, ...chainedRoleOf(role), chain: (role.chain ?? []).map(chainedRoleOf) };
    case 'AssumeRoleWithSAML':
      return { operation: role.via, roleArn: role.roleArn, principalArn: role.principalArn };
    case 'AssumeRoleWithWebIdentity':
      return { operation: role.via, roleArn: role.roleArn, webIdentity: role.webIdentity ?? 'caller' };
    case 'GetFederationToken':
    case 'GetSessionToken':
      return { operation: role.via };
  }
}

function chainedRoleOf(hop: string | ChainedRole): ChainedRole {
  if (typeof hop === 'string') return { roleArn: hop };
  const { roleArn, externalId } = hop;
  return { roleArn, ...(externalId !== undefined && { externalId }) };
}
