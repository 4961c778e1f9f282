// Who names a session: the policy, and the caller only where the template of the role says so.
import { SallyportError } from '../core/errors.js';
import type { ExchangeRequest } from '../core/types.js';
import type { CompiledSession } from './session.js';

/**
 * The caller's RoleSessionName for a session, if the role takes one. A wish is no fault elsewhere.
 * @throws SallyportError `parameter_invalid` for one that was asked for and cannot be had.
 */
export function roleSessionNameFor(
  { takesRoleSessionName }: Pick<CompiledSession, 'takesRoleSessionName'>,
  { roleSessionName, wishes }: Pick<ExchangeRequest, 'roleSessionName' | 'wishes'>,
): string | undefined {
  if (takesRoleSessionName) return roleSessionName ?? wishes?.roleSessionName;
  if (roleSessionName === undefined) return undefined;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.role_session_name',
    detail: 'The policy names the sessions of this role, so RoleSessionName may not be sent. Leave it out.',
  });
}
