// IAM's unique ids, derived from the ARN so that they stay the same from one start of the sandbox to the next.
import { createHash } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LENGTH = 17;

/** `AROA` or `AIDA` and 17 characters: 21 in all, as IAM makes them. */
export function uniqueId(prefix: 'AROA' | 'AIDA', arn: string): string {
  const digest = createHash('sha256').update(arn).digest();
  return prefix + [...digest.subarray(0, LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
