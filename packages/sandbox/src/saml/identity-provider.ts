// The IdP without its wire: a signed-in user and whom to answer in, a signed Response out.
import type { SandboxUser } from '../users.js';
import { buildResponse, type Dialect, type SignaturePlacement } from './response.js';
import type { SigningKey } from './signing-key.js';
import { type UserResponse, userResponse } from './user-response.js';

export interface IdentityProvider {
  readonly entityId: string;
  readonly ssoUrl: string;
  /** The user of that name if the password is theirs. */
  signIn(name: string, password: string): Promise<SandboxUser | undefined>;
  readonly key: SigningKey;
  readonly placement: SignaturePlacement;
  readonly dialect: Dialect;
  /** Values of the AWS Role attribute. */
  roles(user: SandboxUser): readonly string[];
}

/** The Response in base64, as a SAMLResponse parameter carries it; issued at `now`. */
export function respond(
  idp: IdentityProvider,
  answer: Omit<UserResponse, 'issuer' | 'roles'>,
  now: Date,
  placement: SignaturePlacement = idp.placement,
): string {
  const values = userResponse({ ...answer, issuer: idp.entityId, roles: idp.roles(answer.user) }, now);
  const signature = { ...idp.key, placement };
  return Buffer.from(buildResponse({ ...values, dialect: idp.dialect, signature }, now)).toString('base64');
}
