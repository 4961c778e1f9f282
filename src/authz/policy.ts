// The compiled policy: grants and roles of one config, ready to be asked. Built once, then only read.
import type { Config } from '../config/schema/config.js';
import type { RoleConfig } from '../config/schema/role.js';
import { addressSet } from '../core/address.js';
import type { Fault } from '../core/fault.js';
import type { IssuerType, Operation, Principal, Target } from '../core/types.js';
import { claimValues, compileMatcher } from './matcher.js';
import { type CompiledSession, compileSession } from './session.js';

export interface CompiledRole {
  readonly name: string;
  readonly target: Target;
  /** The only type of proof that STS can be given for it; undefined: any. */
  readonly proofType?: IssuerType;
  readonly reasonRequired: boolean;
  readonly session: CompiledSession;
}

export interface CompiledGrant {
  readonly id: string;
  readonly deny: boolean;
  coversRole(role: string): boolean;
  /** Whether it is about this principal, calling from this address. */
  matches(principal: Principal, sourceAddress: string): boolean;
}

export interface Policy {
  readonly roles: ReadonlyMap<string, CompiledRole>;
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
  return { policy: { roles, grantsByIssuer }, faults };
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
  const matchers = Object.entries(config.match).map(([claim, matcher]) => ({
    claim,
    matcher: compileMatcher(matcher, config.effect ?? 'allow'),
  }));
  // Who calls from nowhere known may be in any range: the doubt goes against the caller.
  const inRange = config.from && addressSet(config.from, config.effect === 'deny');
  const grant: CompiledGrant = {
    id: config.id,
    deny: config.effect === 'deny',
    coversRole: (role) => roles.has(role) || roles.has('*'),
    matches: (principal, sourceAddress) =>
      (inRange?.(sourceAddress) ?? true) &&
      matchers.every(({ claim, matcher }) => matcher(claimValues(principal.claims, claim))),
  };
  return { grant, issuers: config.issuer === undefined ? undefined : new Set([config.issuer].flat()) };
}
