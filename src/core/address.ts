// IP addresses and CIDR blocks: who may call from where, whom to believe about it.
import { BlockList, isIP } from 'node:net';

/** `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
}

/**
 * A test for membership in sound blocks. An IPv4 address mapped into IPv6 counts as itself; whether what is no address
 * counts as inside, `holdsUnknown` says.
 */
export function addressSet(blocks: readonly string[], holdsUnknown = false): (address: string) => boolean {
  const set = new BlockList();
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) set.addAddress(address, family);
    else set.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const family = isIP(address);
    return family === 0 ? holdsUnknown : set.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}
