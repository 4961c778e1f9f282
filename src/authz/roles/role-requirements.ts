// Settings that entries of `roles` and of `rolesFrom` share: what a request must contain in addition to a proof, and the
// Region of STS.
import type { RoleConfig } from '../../config/schema/role.js';
import type { RolesFromConfig } from '../../config/schema/roles-from.js';
import { omitUndefined } from '../../core/omit-undefined.js';

/** `accepted`: STS accepts an MFA code for this operation. `refused`: the operation has no MFA parameters. */
type MfaRequirement = 'required' | 'accepted' | 'refused';

export interface RoleRequirements {
  readonly reasonRequired: boolean;
  readonly mfa: MfaRequirement;
  /** The only Region whose STS is called, if the role sets one. */
  readonly region?: string;
}

export function roleRequirements(config: RoleConfig | RolesFromConfig): RoleRequirements {
  return {
    reasonRequired: config.reason === 'required',
    mfa: mfaRequirement(config),
    ...omitUndefined({ region: config.region }),
  };
}

function mfaRequirement(config: RoleConfig | RolesFromConfig): MfaRequirement {
  if (config.via !== 'AssumeRole' && config.via !== 'GetSessionToken') return 'refused';
  return config.mfa ?? 'accepted';
}
