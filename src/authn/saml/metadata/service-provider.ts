// The broker as a service provider: its metadata and its authentication requests, as saml2-js writes them.
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import { IdentityProvider, ServiceProvider as Saml2 } from 'saml2-js';
import { SallyportError } from '../../../core/errors.js';
import { serviceAddressOf } from '../assertion/addressing.js';
import { METADATA, SAMLP } from '../xml/namespaces.js';
import { type IdpRegistry, requireMetadata } from './idp-registry.js';

interface AuthnRequest {
  /** Unpredictable: 168 random bits. */
  readonly id: string;
  /** The IdP's single sign-on URL with the request in it (HTTP-Redirect: SAML bindings 3.4). */
  readonly url: string;
}

export interface ServiceProvider {
  /** SAML metadata 2.4.4, XML. */
  readonly metadata: string;
  /**
   * A request to the issuer of that name, to send a browser there with.
   * @throws SallyportError `sign_in_unknown` if none can begin there, `issuer_unavailable` while its metadata is missing.
   */
  request(issuer: string, now: Date): Promise<AuthnRequest>;
}

/** `serverUrl` is the broker's public base URL. */
export function createServiceProvider({ issuers }: IdpRegistry, serverUrl: string): ServiceProvider {
  const { entityId, acs } = serviceAddressOf(serverUrl);
  // No keys: requests are not signed, and what the broker decrypts with is the issuers' own setting.
  const provider = new Saml2({ entity_id: entityId, assert_endpoint: acs, private_key: '', certificate: '' });
  return {
    metadata: finished(provider.create_metadata()),
    request: async (name, now) => {
      const issuer = issuers.find((each) => each.name === name && each.config.audience === 'sallyport');
      if (!issuer) throw new SallyportError('sign_in_unknown', { reason: 'saml.sign_in.issuer' });
      const { ssoUrl } = requireMetadata(issuer, now.getTime() / 1000);
      if (ssoUrl === undefined)
        throw new SallyportError('sign_in_unknown', { reason: 'saml.sign_in.binding' });
      return loginRequest(provider, ssoUrl);
    },
  };
}

function loginRequest(provider: Saml2, ssoUrl: string): Promise<AuthnRequest> {
  const idp = new IdentityProvider({ sso_login_url: ssoUrl, sso_logout_url: '', certificates: [] });
  return new Promise((resolve, reject) => {
    provider.create_login_request_url(idp, {}, (error, url, id) => {
      if (url !== undefined && id !== undefined) resolve({ id, url });
      else reject(new SallyportError('internal', { reason: 'saml.request', cause: error }));
    });
  });
}

/**
 * What saml2-js writes, made true of this broker: it speaks SAML 2.0 only, has no logout, no keys, and an end of validity
 * of one hour would make IdPs forget it. It signs no requests, and wants assertions signed (SAML metadata 2.4.4).
 */
function finished(xml: string): string {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const entity = document.documentElement;
  entity.removeAttribute('validUntil');
  for (const role of Array.from(entity.getElementsByTagNameNS(METADATA, 'SPSSODescriptor'))) {
    role.setAttribute('AuthnRequestsSigned', 'false');
    role.setAttribute('WantAssertionsSigned', 'true');
    role.setAttribute('protocolSupportEnumeration', SAMLP);
    for (const name of ['KeyDescriptor', 'SingleLogoutService'])
      for (const element of Array.from(role.getElementsByTagNameNS(METADATA, name)))
        role.removeChild(element);
    for (const service of Array.from(role.getElementsByTagNameNS(METADATA, 'AssertionConsumerService')))
      service.setAttribute('isDefault', 'true');
  }
  return new XMLSerializer().serializeToString(document);
}
