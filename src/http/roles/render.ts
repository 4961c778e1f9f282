// Permitted roles -> JSON.
import type { Static } from 'typebox';
import type { PermittedRole } from '../../authz/decide.js';
import type { RolesAnswer } from './routes.js';

export function renderRoles(permitted: readonly PermittedRole[]): Static<typeof RolesAnswer> {
  return {
    Roles: permitted.map(({ role, grant }) => ({
      Role: role.name,
      Operation: role.target.operation,
      ...('roleArn' in role.target && { RoleArn: role.target.roleArn }),
      Grant: grant,
      DefaultDurationSeconds: role.session.durationLimits.defaultSeconds,
      MaxDurationSeconds: role.session.durationLimits.maxSeconds,
      ReasonRequired: role.reasonRequired,
      MfaRequired: role.mfa === 'required',
      ...(role.proofType && { ProofType: role.proofType }),
    })),
  };
}
