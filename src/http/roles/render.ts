// Permitted roles -> JSON.
import type { Static } from 'typebox';
import type { Permitted } from '../../authz/decide.js';
import type { RolesAnswer } from './routes.js';

export function renderRoles(permitted: readonly Permitted[]): Static<typeof RolesAnswer> {
  return {
    Roles: permitted.map(({ role, grant }) => ({
      Role: role.name,
      Operation: role.target.operation,
      ...('roleArn' in role.target && { RoleArn: role.target.roleArn }),
      Grant: grant,
      DefaultDurationSeconds: role.session.lifetime.defaultSeconds,
      MaxDurationSeconds: role.session.lifetime.maxSeconds,
      ReasonRequired: role.reasonRequired,
      MfaRequired: role.mfa === 'required',
      ...(role.proofType && { ProofType: role.proofType }),
    })),
  };
}
