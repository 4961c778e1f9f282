// Which addresses the broker may connect to when it fetches an issuer's keys. Judged on the address itself, when the
// connection is made, so that no name, however it resolves, leads inward (server-side request forgery).

import { isLoopback } from '@sallyport/client/internal/secure-url';
import ipaddr from 'ipaddr.js';
import { addressSet } from '../../core/address.js';

/** `public`: the internet. `private`: also private networks. `loopback`: this machine alone, for development. */
export type AddressPolicy = 'public' | 'private' | 'loopback';

const RANGES: Readonly<Record<AddressPolicy, readonly string[]>> = {
  public: ['unicast'],
  private: ['unicast', 'private', 'uniqueLocal', 'carrierGradeNat'],
  loopback: ['loopback'],
};

// Where clouds keep what a machine may ask about itself; each lies in a range that is otherwise allowed somewhere.
const isMetadata = addressSet(['100.100.100.200', '168.63.129.16', 'fd00:ec2::/32', 'fd20:ce::254']);

// Global and unique local unicast. The rest of IPv6 holds forms that old stacks read as IPv4 addresses.
const isAssigned = addressSet(['2000::/3', 'fc00::/7']);
const isTranslated = addressSet(['64:ff9b::/96']);

/** Whether an address (not a name) may be connected to. Link-local and metadata addresses never may. */
export function isAllowed(address: string, reach: AddressPolicy): boolean {
  if (!ipaddr.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.process(address); // IPv4 mapped into IPv6 becomes IPv4.
  const plain = parsed.toString();
  if (isMetadata(plain)) return false;
  if (parsed.kind() === 'ipv6' && reach !== 'loopback') {
    // RFC 6052 section 2.2: the last four bytes are the IPv4 address that is really meant.
    if (isTranslated(plain)) return isAllowed(parsed.toByteArray().slice(12).join('.'), reach);
    if (!isAssigned(plain)) return false;
  }
  return RANGES[reach].includes(parsed.range());
}

/** How far fetching from this URL may reach. A loopback host reaches loopback and nothing else. */
export function addressPolicyOf(url: string, isPrivate: boolean): AddressPolicy {
  if (URL.canParse(url) && isLoopback(new URL(url).hostname)) return 'loopback';
  return isPrivate ? 'private' : 'public';
}

/** The IP address a URL names as its host, if it names one. */
export function addressIn(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) ? host : undefined;
}
