// To whom a Response must be addressed: to AWS sign-in, so that it can be passed on to STS, or to the broker.
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';

export interface ExpectedAddressing {
  /** Checks Recipient and Destination. */
  readonly isRecipient: (url: string) => boolean;
  /** Checks one Audience. An AWS sign-in URL is accepted as well if it is the Recipient of the assertion. */
  readonly isAudience: (audience: string, recipient: string) => boolean;
}

/** Global, regional, China and GovCloud sign-in. `/acs/…` belongs to a provider in IAM that accepts encrypted assertions. */
const AWS_SIGN_IN =
  /^https:\/\/(?:[a-z]{2}(?:-[a-z]+)+-\d\.)?signin\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)\/saml(?:\/acs\/[A-Za-z0-9]{1,64})?$/;
const AWS_AUDIENCE = /^urn:amazon:webservices(?::cn-north-1|:govcloud)?$/;

const AWS: ExpectedAddressing = {
  isRecipient: (url) => AWS_SIGN_IN.test(url),
  isAudience: (audience, recipient) => AWS_AUDIENCE.test(audience) || audience === recipient,
};

/** The broker as a service provider: its entity ID, and its assertion consumer service. */
export interface ServiceAddress {
  readonly entityId: string;
  readonly acs: string;
}

/** `serverUrl` is the broker's public base URL. */
export function serviceAddressOf(serverUrl: string): ServiceAddress {
  const base = serverUrl.replace(/\/+$/, '');
  return { entityId: `${base}/saml/metadata`, acs: `${base}/saml/acs` };
}

export function expectedAddressing(
  audience: SamlIssuer['audience'],
  service: ServiceAddress,
): ExpectedAddressing {
  if (audience !== 'sallyport') return AWS;
  return {
    isRecipient: (url) => url === service.acs,
    isAudience: (name) => name === service.entityId,
  };
}
