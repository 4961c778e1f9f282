// A role of the config, compiled: its STS operation and target, its session template, and what it requires of a request.
import type { RoleConfig } from '../../config/schema/role.js';
import type { ChainedRole, IssuerType, Target } from '../../core/types.js';
import {
  type CompileFindings,
  compileSessionTemplate,
  type SessionTemplate,
} from '../session/session-template.js';
import { type RoleRequirements, roleRequirements } from './role-requirements.js';

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

function chainedRoleOf(hop: string | ChainedRole): ChainedRole {
  if (typeof hop === 'string') return { roleArn: hop };
  const { roleArn, externalId } = hop;
  return { roleArn, ...(externalId !== undefined && { externalId }) };
}

/** The only type of proof that STS can be given; undefined: STS does not see the proof. */
function proofTypeOf(target: Target): IssuerType | undefined {
  if (target.operation === 'AssumeRoleWithSAML') return 'saml';
  if (target.operation === 'AssumeRoleWithWebIdentity' && target.webIdentity === 'caller') return 'oidc';
  return undefined;
}
