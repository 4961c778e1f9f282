// The identity provider without HTTP: creates signed responses for authenticated users.
import type { SandboxUser } from '../users.js';
import { buildResponse, type Dialect, type SignaturePlacement } from './response.js';
import type { SigningKey } from './signing-key.js';
import { createResponseValues, type UserResponseOptions } from './user-response.js';

export interface IdentityProvider {
  readonly entityId: string;
  readonly ssoUrl: string;
  /** The user with this name and password. */
  signIn(name: string, password: string): Promise<SandboxUser | undefined>;
  readonly key: SigningKey;
  readonly placement: SignaturePlacement;
  readonly dialect: Dialect;
  /** Values of the AWS Role attribute. */
  roles(user: SandboxUser): readonly string[];
}

/** A signed Response, issued at `now`, in base64 for the parameter SAMLResponse. */
export function createResponse(
  idp: IdentityProvider,
  options: Omit<UserResponseOptions, 'issuer' | 'roles'>,
  now: Date,
  placement: SignaturePlacement = idp.placement,
): string {
  const values = createResponseValues(
    { ...options, issuer: idp.entityId, roles: idp.roles(options.user) },
    now,
  );
  const signature = { ...idp.key, placement };
  return Buffer.from(buildResponse({ ...values, dialect: idp.dialect, signature }, now)).toString('base64');
}
