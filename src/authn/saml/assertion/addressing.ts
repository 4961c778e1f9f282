// To whom a proof must be addressed: to AWS sign-in, so that it can be passed on to STS, or to this broker.
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';

export interface ExpectedAddressing {
  /** For Recipient and Destination. */
  readonly isRecipient: (url: string) => boolean;
  /** For one Audience; an AWS sign-in URL names AWS too, if it is the one the assertion was sent to. */
  readonly isAudience: (audience: string, recipient: string) => boolean;
}

/** Global, regional, China and GovCloud sign-in; `/acs/…` is a provider that takes encrypted assertions. */
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
