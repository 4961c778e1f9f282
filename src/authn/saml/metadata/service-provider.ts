// The broker as a SAML service provider: its metadata and its authentication requests, created by saml2-js.
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

export class ServiceProvider {
  /** SAML metadata 2.4.4, XML. */
  readonly metadata: string;
  readonly #issuers: IdpRegistry['issuers'];
  readonly #provider: Saml2;

  /** `serverUrl` is the broker's public base URL. */
  constructor({ issuers }: IdpRegistry, serverUrl: string) {
    const { entityId, acs } = serviceAddressOf(serverUrl);
    this.#issuers = issuers;
    // No keys: requests are not signed, and decryption keys are a setting of each issuer.
    this.#provider = new Saml2({
      entity_id: entityId,
      assert_endpoint: acs,
      private_key: '',
      certificate: '',
    });
    this.metadata = correctMetadata(this.#provider.create_metadata());
  }

  /**
   * Creates an authentication request to the issuer of that name, to redirect a browser with.
   * @throws SallyportError `sign_in_unknown` if sign-in cannot start with this issuer, `issuer_unavailable` while its
   * metadata is missing.
   */
  async request(issuer: string, now: Date): Promise<AuthnRequest> {
    const idp = this.#issuers.find(({ name, config }) => name === issuer && config.audience === 'sallyport');
    if (!idp) throw new SallyportError('sign_in_unknown', { reason: 'saml.sign_in.issuer' });
    const { ssoUrl } = requireMetadata(idp, now.getTime() / 1000);
    if (ssoUrl === undefined) throw new SallyportError('sign_in_unknown', { reason: 'saml.sign_in.binding' });
    return createLoginRequest(this.#provider, ssoUrl);
  }
}

function createLoginRequest(provider: Saml2, ssoUrl: string): Promise<AuthnRequest> {
  const idp = new IdentityProvider({ sso_login_url: ssoUrl, sso_logout_url: '', certificates: [] });
  return new Promise((resolve, reject) => {
    provider.create_login_request_url(idp, {}, (error, url, id) => {
      if (url !== undefined && id !== undefined) resolve({ id, url });
      else reject(new SallyportError('internal', { reason: 'saml.request', cause: error }));
    });
  });
}

/**
 * Corrects the metadata of saml2-js for this broker (SAML metadata 2.4.4): SAML 2.0 only, no logout, no keys, no
 * validUntil (saml2-js sets one hour, after which IdPs would drop it), no signed requests, signed assertions wanted.
 */
function correctMetadata(xml: string): string {
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
