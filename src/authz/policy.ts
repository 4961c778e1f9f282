// The compiled policy: grants and roles of one config, ready to be asked. Built once, then only read.
import type { Config } from '../config/schema/config.js';
import type { Permission } from '../config/schema/grant.js';
import type { RoleConfig } from '../config/schema/role.js';
import { addressSet } from '../core/address.js';
import type { Fault } from '../core/fault.js';
import type { IssuerType, Operation, Principal, Target } from '../core/types.js';
import { claimValue, claimValues, compileMatcher } from './matcher.js';
import { type CompiledSession, compileSession } from './session.js';

export interface CompiledRole {
  readonly name: string;
  readonly target: Target;
  /** The only type of proof that STS can be given for it; undefined: any. */
  readonly proofType?: IssuerType;
  readonly reasonRequired: boolean;
  readonly session: CompiledSession;
}

/** One thing a grant asks. Deciding and explaining ask the same `holds`. */
export interface Condition {
  /** What is asked about, by its path in the grant: `issuer`, `from`, `match.groups`. */
  readonly on: string;
  /** Whether only the claims can tell. */
  readonly ofClaims: boolean;
  /** As the config has it. */
  readonly wanted: unknown;
  seen(principal: Principal, sourceAddress: string): unknown;
  holds(principal: Principal, sourceAddress: string): boolean;
}

export interface CompiledGrant {
  readonly id: string;
  readonly deny: boolean;
  readonly conditions: readonly Condition[];
  coversRole(role: string): boolean;
  /** A deny of all roles takes away every permission as well. */
  coversPermission(permission: Permission): boolean;
  /** Whether it is about this principal, calling from this address: all conditions hold. */
  matches(principal: Principal, sourceAddress: string): boolean;
}

export interface Policy {
  readonly issuerTypes: ReadonlyMap<string, IssuerType>;
  readonly roles: ReadonlyMap<string, CompiledRole>;
  /** By the order of the config. */
  readonly grants: readonly CompiledGrant[];
  /** By issuer, so that a decision reads only the grants that can matter. */
  readonly grantsByIssuer: ReadonlyMap<string, readonly CompiledGrant[]>;
}

const PROOF_TYPES: Readonly<Partial<Record<Operation, IssuerType>>> = {
  AssumeRoleWithSAML: 'saml',
  AssumeRoleWithWebIdentity: 'oidc',
};

/** Compiles roles and grants. The policy may be used only if there are no faults. */
export function compilePolicy(config: Config): {
  readonly policy: Policy;
  readonly faults: readonly Fault[];
} {
  const faults: Fault[] = [];
  const roles = new Map(
    Object.entries(config.roles).map(([name, role]) => [name, compileRole(name, role, faults)] as const),
  );
  const grants = config.grants.map(compileGrant);
  const grantsByIssuer = new Map(
    Object.keys(config.issuers).map((issuer) => [
      issuer,
      grants.filter(({ issuers }) => issuers === undefined || issuers.has(issuer)).map(({ grant }) => grant),
    ]),
  );
  const issuerTypes = new Map(
    Object.entries(config.issuers).map(([name, { type }]) => [name, type] as const),
  );
  return { policy: { issuerTypes, roles, grants: grants.map(({ grant }) => grant), grantsByIssuer }, faults };
}

function compileRole(name: string, role: RoleConfig, faults: Fault[]): CompiledRole {
  const proofType = PROOF_TYPES[role.via];
  return {
    name,
    target: targetOf(role),
    ...(proofType && { proofType }),
    reasonRequired: role.reason === 'required',
    session: compileSession(role, ['roles', name], faults),
  };
}

function targetOf(role: RoleConfig): Target {
  switch (role.via) {
    case 'AssumeRoleWithSAML':
      return { operation: role.via, roleArn: role.roleArn, principalArn: role.principalArn };
    case 'AssumeRoleWithWebIdentity':
      return { operation: role.via, roleArn: role.roleArn };
    case 'GetFederationToken':
      return { operation: role.via };
  }
}

function compileGrant(config: Config['grants'][number]) {
  const roles = new Set(config.roles);
  const permissions = new Set(config.permissions);
  const deny = config.effect === 'deny';
  const issuers = config.issuer === undefined ? undefined : new Set([config.issuer].flat());
  const conditions = conditionsOf(config, issuers);
  const grant: CompiledGrant = {
    id: config.id,
    deny,
    conditions,
    coversRole: (role) => roles.has(role) || roles.has('*'),
    coversPermission: (permission) => permissions.has(permission) || (deny && roles.has('*')),
    matches: (principal, sourceAddress) =>
      conditions.every((condition) => condition.holds(principal, sourceAddress)),
  };
  return { grant, issuers };
}

function conditionsOf(
  { effect = 'allow', issuer, from, match }: Config['grants'][number],
  issuers: ReadonlySet<string> | undefined,
): readonly Condition[] {
  const conditions: Condition[] = [];
  if (issuers) {
    conditions.push({
      on: 'issuer',
      ofClaims: false,
      wanted: issuer,
      seen: (principal) => principal.issuer,
      holds: (principal) => issuers.has(principal.issuer),
    });
  }
  if (from) {
    const inRange = addressSet(from);
    conditions.push({
      on: 'from',
      ofClaims: false,
      wanted: from,
      seen: (_, sourceAddress) => sourceAddress,
      holds: (_, sourceAddress) => inRange(sourceAddress),
    });
  }
  for (const [claim, wanted] of Object.entries(match)) {
    const matcher = compileMatcher(wanted, effect);
    conditions.push({
      on: `match.${claim}`,
      ofClaims: true,
      wanted,
      seen: ({ claims }) => claimValue(claims, claim),
      holds: ({ claims }) => matcher(claimValues(claims, claim)),
    });
  }
  return conditions;
}
