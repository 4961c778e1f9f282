// What a role demands of the request beside a proof, and where its STS is: the settings that entries of `roles` and of
// `rolesFrom` share.
import type { RoleConfig } from '../../config/schema/role.js';
import type { RolesFromConfig } from '../../config/schema/roles-from.js';

/** `accepted`: STS takes a code for this operation, and may want one. */
type MfaRequirement = 'required' | 'accepted' | 'refused';

export interface RoleRequirements {
  readonly reasonRequired: boolean;
  readonly mfa: MfaRequirement;
  /** The region whose STS is asked, where the role sets its own. */
  readonly region?: string;
}

export function roleRequirements(config: RoleConfig | RolesFromConfig): RoleRequirements {
  return {
    reasonRequired: config.reason === 'required',
    mfa: mfaRequirement(config),
    ...(config.region !== undefined && { region: config.region }),
  };
}

function mfaRequirement(config: RoleConfig | RolesFromConfig): MfaRequirement {
  if (config.via !== 'AssumeRole' && config.via !== 'GetSessionToken') return 'refused';
  return config.mfa ?? 'accepted';
}
