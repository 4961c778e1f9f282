// The service providers that the IdP accepts in a browser: AWS sign-in and those on this machine. Any website could
// request a Response for another address, and the Response signs the user in there.
import { isLoopbackUrl } from '../loopback.js';
import { AWS } from './names.js';

const AWS_SIGN_IN =
  /^https:\/\/(?:[a-z0-9-]+\.)?signin\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)\/saml$/;

/** A service provider with its assertion consumer service. */
export interface ServiceProvider {
  readonly acs: string;
  /** The entity ID, which is the audience. */
  readonly entityId: string;
}

/**
 * The service provider at `acs` (default: AWS). Undefined if it is not accepted. AWS has its well-known audience. A
 * service provider on this machine has the requested entity ID or, by default, its `acs`.
 */
export function findServiceProvider(
  acs: string = AWS.signIn,
  entityId?: string,
): ServiceProvider | undefined {
  if (AWS_SIGN_IN.test(acs)) return { acs, entityId: AWS.audience };
  return isLoopbackUrl(acs) ? { acs, entityId: entityId ?? acs } : undefined;
}
