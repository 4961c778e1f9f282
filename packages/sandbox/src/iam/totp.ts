// Time-based one-time passwords of a virtual MFA device: RFC 6238 with SHA-1, 6 digits and steps of 30 seconds.
import { createHmac } from 'node:crypto';

const STEP_SECONDS = 30;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code that a device with this base32 seed shows at `now`. */
export function totp(seed: string, now: Date): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now.getTime() / 1000 / STEP_SECONDS)));
  const mac = createHmac('sha1', decodeBase32(seed)).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Accepts the neighbouring steps too, as RFC 6238 section 5.2 advises for clocks that differ. */
export function isCurrentTotp(seed: string, code: string, now: Date): boolean {
  return [-1, 0, 1].some((step) => totp(seed, new Date(now.getTime() + step * STEP_SECONDS * 1000)) === code);
}

function decodeBase32(text: string): Buffer {
  const bits = [...text.toUpperCase().replace(/=+$/, '')]
    .map((character) => BASE32.indexOf(character).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}
