// Which service providers the IdP answers in a browser: AWS sign-in and whatever listens on this machine.
// Anyone could ask for another address, and the answer signs a user in there.
import { isLoopbackUrl } from '../loopback.js';
import { AWS } from './names.js';

const AWS_SIGN_IN =
  /^https:\/\/(?:[a-z0-9-]+\.)?signin\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)\/saml$/;

/** A service provider by its assertion consumer service. */
export interface ServiceProvider {
  readonly acs: string;
  /** Its entity ID, which is the audience. */
  readonly entityId: string;
}

/**
 * The service provider at `acs` (default: AWS); undefined if the IdP does not know it.
 * AWS keeps its well-known audience; one on this machine is called what it calls itself, or by its `acs`.
 */
export function knownServiceProvider(
  acs: string = AWS.signIn,
  entityId?: string,
): ServiceProvider | undefined {
  if (AWS_SIGN_IN.test(acs)) return { acs, entityId: AWS.audience };
  return isLoopbackUrl(acs) ? { acs, entityId: entityId ?? acs } : undefined;
}
