// The compiled policy: grants and roles of one config, ready to be asked. Built once, then only read.
import type { Config } from '../config/schema/config.js';
import type { ConfigError } from '../core/config-error.js';
import type { IssuerType, Principal } from '../core/types.js';
import type { Aliases } from './grants/evaluation-context.js';
import { type CompiledGrant, compileGrant } from './grants/grant.js';
import { type GrantIndex, indexByRole, indexGrants } from './grants/grant-index.js';
import { compileMfaRule } from './grants/mfa.js';
import { type ClaimRoles, compileClaimRoles } from './roles/claim-roles.js';
import { type CompiledRole, compileRole } from './roles/role.js';
import { compileSessionTemplate } from './session/session-template.js';

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
  grantsForRoles(names: readonly string[]): readonly CompiledGrant[];
  /** By issuer, so that a decision reads only the grants that can matter. */
  readonly grantIndexByIssuer: ReadonlyMap<string, GrantIndex>;
  readonly aliases: Aliases;
  /** Whether its issuer says that it used several factors. */
  isMfaAuthenticated(principal: Principal): boolean;
  /** Of roles that set none. */
  readonly region: string;
}

/** Compiles roles and grants. The policy may be used only if there are no faults. */
export function compilePolicy(config: Config): {
  readonly policy: Policy;
  readonly errors: readonly ConfigError[];
  /** What may go wrong, and does not keep the policy from being used. */
  readonly warnings: readonly ConfigError[];
} {
  const findings = { errors: [] as ConfigError[], warnings: [] as ConfigError[] };
  const { errors } = findings;
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
  const grants = config.grants.map((grant, position) => compileGrant(grant, position, strengths, errors));
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
    grantsForRoles: indexByRole(grants),
    grantIndexByIssuer: new Map(
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
    isMfaAuthenticated: ({ issuer, claims }: Principal) =>
      strengths.get(issuer)?.isSatisfiedBy(claims) ?? false,
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
