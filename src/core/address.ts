// IP addresses and CIDR blocks.
import { BlockList, isIP } from 'node:net';

/** Accepts e.g. `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
}

/**
 * A test for membership in valid blocks. An IPv4-mapped IPv6 address counts as the IPv4 address. `matchUnknown`: the
 * result for a text that is not an address.
 */
export function addressSet(blocks: readonly string[], matchUnknown = false): (address: string) => boolean {
  const set = new BlockList();
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) set.addAddress(address, family);
    else set.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const family = isIP(address);
    return family === 0 ? matchUnknown : set.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}
