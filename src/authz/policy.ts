// The compiled policy: roles and grants of one config. It is compiled once when the config loads and never changes.
import type { Config } from '../config/schema/config.js';
import type { ConfigError } from '../core/config-error.js';
import { OmittedClaims } from '../core/omitted-claims.js';
import type { IssuerType, Principal } from '../core/types.js';
import { type Aliases, UnknownClaimsError } from './grants/evaluation-context.js';
import { CompiledGrant } from './grants/grant.js';
import { GrantIndex, GrantsByRole } from './grants/grant-index.js';
import { MfaRule, type MfaRules } from './grants/mfa.js';
import { ClaimRoleSource } from './roles/claim-roles.js';
import { type CompiledRole, compileRole } from './roles/role.js';
import { type CompileFindings, compileSessionTemplate } from './session/session-template.js';

export class Policy {
  readonly issuerTypes: ReadonlyMap<string, IssuerType>;
  /** Issuers whose assertions are addressed to the broker. STS does not accept such assertions. */
  readonly brokerAudienceIssuers: ReadonlySet<string>;
  readonly aliases: Aliases;
  /** The configured roles by name. */
  readonly roles: ReadonlyMap<string, CompiledRole>;
  /** The configured roles in the order of the config. */
  readonly roleList: readonly CompiledRole[];
  /** The configured roles by the ARN of their IAM role, which several roles can share. */
  readonly rolesByArn: ReadonlyMap<string, readonly CompiledRole[]>;
  /** The compiled `rolesFrom` entries. */
  readonly claimRoleSources: readonly ClaimRoleSource[];
  /** Names of the `rolesFrom` entries. */
  readonly roleSources: readonly string[];
  /** In the order of the config. */
  readonly grants: readonly CompiledGrant[];
  /** By name of the issuer, so that a decision considers only grants for it. */
  readonly grantIndexByIssuer: ReadonlyMap<string, GrantIndex>;
  /** Region of roles that do not set one. */
  readonly region: string;
  readonly #grantsByRole: GrantsByRole;
  readonly #mfaRules: MfaRules;

  constructor(config: Config, findings: CompileFindings) {
    const issuers = Object.entries(config.issuers);
    this.region = config.aws.region;
    this.issuerTypes = new Map(issuers.map(([name, { type }]) => [name, type]));
    this.brokerAudienceIssuers = new Set(
      issuers.flatMap(([name, issuer]) =>
        issuer.type === 'saml' && issuer.audience === 'sallyport' ? [name] : [],
      ),
    );
    this.aliases = new Map(
      issuers.flatMap(([name, issuer]) =>
        issuer.type === 'saml' && issuer.aliases ? [[name, issuer.aliases] as const] : [],
      ),
    );
    this.#mfaRules = new Map(issuers.map(([name, issuer]) => [name, new MfaRule(issuer)]));

    this.roleList = Object.entries(config.roles).map(([name, role], position) =>
      compileRole(name, position, role, findings),
    );
    this.roles = new Map(this.roleList.map((role) => [role.name, role]));
    this.rolesByArn = groupByArn(this.roleList);
    const configuredArns = new Set([...this.rolesByArn.keys()].map((arn) => arn.toLowerCase()));
    this.roleSources = Object.keys(config.rolesFrom ?? {});
    this.claimRoleSources = Object.entries(config.rolesFrom ?? {}).map(
      ([name, entry], index) =>
        new ClaimRoleSource({
          name,
          position: this.roleList.length + index,
          config: entry,
          session: compileSessionTemplate(entry, ['rolesFrom', name], findings),
          configuredArns,
        }),
    );

    this.grants = config.grants.map(
      (grant, position) => new CompiledGrant(grant, position, this.#mfaRules, findings.errors),
    );
    this.#grantsByRole = new GrantsByRole(this.grants);
    this.grantIndexByIssuer = new Map(
      issuers.map(([name]) => [
        name,
        new GrantIndex(this.grants.filter((grant) => grant.issuers?.has(name) ?? true)),
      ]),
    );
  }

  /** The grants of all issuers that cover a role with one of these names, in the order of the config. */
  grantsForRoles(names: readonly string[]): readonly CompiledGrant[] {
    return this.#grantsByRole.find(names);
  }

  /** Whether the principal's issuer reports multi-factor authentication. If that is unknown, it is not assumed. */
  isMfaAuthenticated({ issuer, claims }: Principal): boolean {
    try {
      return this.#mfaRules.get(issuer)?.isSatisfiedBy(claims, OmittedClaims.of(claims)) ?? false;
    } catch (error) {
      if (error instanceof UnknownClaimsError) return false;
      throw error;
    }
  }
}

export interface CompiledPolicy {
  /** Must not be used if there are errors. */
  readonly policy: Policy;
  readonly errors: readonly ConfigError[];
  /** Possible mistakes that do not prevent the use of the policy. */
  readonly warnings: readonly ConfigError[];
}

export function compilePolicy(config: Config): CompiledPolicy {
  const findings: CompileFindings = { errors: [], warnings: [] };
  return { policy: new Policy(config, findings), ...findings };
}

function groupByArn(roles: readonly CompiledRole[]): ReadonlyMap<string, readonly CompiledRole[]> {
  const rolesByArn = new Map<string, CompiledRole[]>();
  for (const role of roles) {
    if (!('roleArn' in role.target)) continue;
    const { roleArn } = role.target;
    rolesByArn.set(roleArn, [...(rolesByArn.get(roleArn) ?? []), role]);
  }
  return rolesByArn;
}
