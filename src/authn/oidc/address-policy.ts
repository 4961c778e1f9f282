// Which addresses the broker may connect to when it fetches the keys of an issuer. The check is on the IP address when
// the connection is made, so that no host name can lead to an internal address (server-side request forgery).

import { isLoopback } from '@sallyport/client/internal/secure-url';
import ipaddr from 'ipaddr.js';
import { addressSet } from '../../core/address.js';

/** `public`: the internet. `private`: private networks as well. `loopback`: this machine only, for development. */
export type AddressPolicy = 'public' | 'private' | 'loopback';

const RANGES: Readonly<Record<AddressPolicy, readonly string[]>> = {
  public: ['unicast'],
  private: ['unicast', 'private', 'uniqueLocal', 'carrierGradeNat'],
  loopback: ['loopback'],
};

// Instance metadata services of cloud providers that lie in a range which a policy allows otherwise.
const isMetadataService = addressSet(['100.100.100.200', '168.63.129.16', 'fd00:ec2::/32', 'fd20:ce::254']);

// Global and unique local unicast. Other parts of IPv6 embed IPv4 addresses that some network stacks connect to.
const isUnicastIpv6 = addressSet(['2000::/3', 'fc00::/7']);
const isNat64 = addressSet(['64:ff9b::/96']);

/** Whether the broker may connect to an IP address. Link-local and metadata addresses are never allowed. */
export function isAddressAllowed(address: string, policy: AddressPolicy): boolean {
  if (!ipaddr.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.process(address); // IPv4 mapped into IPv6 becomes IPv4.
  const plain = parsed.toString();
  if (isMetadataService(plain)) return false;
  if (parsed.kind() === 'ipv6' && policy !== 'loopback') {
    // RFC 6052 section 2.2: the last four bytes are the IPv4 address of the destination.
    if (isNat64(plain)) return isAddressAllowed(parsed.toByteArray().slice(12).join('.'), policy);
    if (!isUnicastIpv6(plain)) return false;
  }
  return RANGES[policy].includes(parsed.range());
}

/** The policy for connections to this URL. A URL on loopback may only lead to loopback. */
export function selectAddressPolicy(url: string, isPrivate: boolean): AddressPolicy {
  if (URL.canParse(url) && isLoopback(new URL(url).hostname)) return 'loopback';
  return isPrivate ? 'private' : 'public';
}

/** The IP address that is the host of a URL; undefined for a host name. */
export function ipAddressOf(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) ? host : undefined;
}
