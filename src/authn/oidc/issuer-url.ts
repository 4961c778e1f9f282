// Which URLs the operator may write for an issuer and its keys. Found at load, so that no token meets the mistake first.
import { isLoopback } from '@sallyport/client/internal/secure-url';
import { type AddressPolicy, addressIn, isAllowed } from './address-policy.js';

/** Why a URL may not be written, if so. OpenID Connect Discovery 1.0 section 3: https, no query, no fragment. */
export function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'This is not a URL. Write one such as https://login.corp.example.';
  const { protocol, hostname, username, search, hash } = new URL(text);
  if (username !== '' || search !== '' || hash !== '') {
    return 'Write the URL without user, query or fragment.';
  }
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  return 'Write https. Only an issuer on loopback may be http: whoever can change its keys can sign tokens.';
}

/** Why the address in a URL could never be connected to, if so. A host name is judged when it is resolved. */
export function addressProblem(url: string, reach: AddressPolicy): string | undefined {
  const address = addressIn(url);
  if (address === undefined || isAllowed(address, reach)) return undefined;
  return isAllowed(address, 'private')
    ? 'This is a private address. If the issuer is inside your network, set private: true.'
    : 'This address is never connected to: it is link-local, a metadata service, or not one of a host.';
}
