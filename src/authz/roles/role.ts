// A compiled role: its STS operation and target, its session template, and what it requires of a request.
import type { RoleConfig } from '../../config/schema/role.js';
import type { ChainedRole, IssuerType, Target } from '../../core/types.js';
import {
  type CompileFindings,
  compileSessionTemplate,
  type SessionTemplate,
} from '../session/session-template.js';
import { type RoleRequirements, roleRequirements } from './role-requirements.js';

export interface CompiledRole extends RoleRequirements {
  /** Name in the config, or the ARN if a claim names the role. */
  readonly name: string;
  /** The `rolesFrom` entry that accepts the role, if a claim names it. */
  readonly roleSource?: string;
  /** Index in the config. */
  readonly position: number;
  readonly target: Target;
  /** The only type of proof that the role accepts, because STS receives the proof. Undefined: any type. */
  readonly proofType?: IssuerType;
  readonly session: SessionTemplate;
}

export function compileRole(
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

function chainedRoleOf(role: string | ChainedRole): ChainedRole {
  if (typeof role === 'string') return { roleArn: role };
  const { roleArn, externalId } = role;
  return { roleArn, ...(externalId !== undefined && { externalId }) };
}

/** Undefined if STS does not receive the proof. */
function proofTypeOf(target: Target): IssuerType | undefined {
  if (target.operation === 'AssumeRoleWithSAML') return 'saml';
  if (target.operation === 'AssumeRoleWithWebIdentity' && target.webIdentity === 'caller') return 'oidc';
  return undefined;
}
