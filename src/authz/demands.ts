// What a role demands of the request beside a proof, and where its STS is: the settings that entries of `roles` and of
// `rolesFrom` share.
import type { RoleConfig } from '../config/schema/role.js';
import type { RolesFromConfig } from '../config/schema/roles-from.js';

/** `accepted`: STS takes a code for this operation, and may want one. */
type MfaDemand = 'required' | 'accepted' | 'refused';

export interface Demands {
  readonly reasonRequired: boolean;
  readonly mfa: MfaDemand;
  /** The region whose STS is asked, where the role sets its own. */
  readonly region?: string;
}

export function demandsOf(config: RoleConfig | RolesFromConfig): Demands {
  return {
    reasonRequired: config.reason === 'required',
    mfa: mfaDemand(config),
    ...(config.region !== undefined && { region: config.region }),
  };
}

function mfaDemand(config: RoleConfig | RolesFromConfig): MfaDemand {
  if (config.via !== 'AssumeRole' && config.via !== 'GetSessionToken') return 'refused';
  return config.mfa ?? 'accepted';
}
