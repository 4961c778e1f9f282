// How much of the space that STS allows a session's policies and tags will take, estimated when the config loads. AWS
// does not publish how it packs them, so a fault is what exceeds the space for any claims, a warning what comes near.
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import type { Template } from './template.js';

/** Measured: nine tags of 252 bytes take 498 %. A policy is taken to fill the space at its limit of 2048 characters. */
const TAG_BYTES_PER_PERCENT = 4.56;
const POLICY_CHARACTERS_PER_PERCENT = 20.48;
const NEAR_PERCENT = 80;

/** STS's limit for the session policy and the ARNs of managed ones, in characters. */
export const POLICY_LIMIT = 2048;

const LEAST_VALUE = 'x';
const LIKELY_VALUE = 'x'.repeat(24);

/** What of a session counts. Policies are given as text, for a value that stands in for every claim. */
export interface Packed {
  policy(value: string): string;
  readonly policyArns: readonly string[];
  readonly tags: readonly (readonly [key: string, value: Template])[];
}

/** Faults and warnings of a session, with `path` as its place in the config. */
export function checkPackedSize(
  packed: Packed,
  path: ConfigPath,
): { readonly faults: readonly ConfigError[]; readonly warnings: readonly ConfigError[] } {
  const characters = packed.policy(LEAST_VALUE).length + packed.policyArns.join('').length;
  if (characters > POLICY_LIMIT) {
    const message = `The session policy and the policy ARNs have ${characters} characters or more; STS takes ${POLICY_LIMIT} together. Shorten them, or move statements to managed policies.`;
    return { faults: [{ path, message }], warnings: [] };
  }
  const least = percent(packed, LEAST_VALUE);
  const likely = percent(packed, LIKELY_VALUE);
  if (least > 100) {
    const message = `Tags and policies take about ${least} % of the space STS allows, whatever the claims are. Drop or shorten some.`;
    return { faults: [{ path, message }], warnings: [] };
  }
  if (likely < NEAR_PERCENT) return { faults: [], warnings: [] };
  const message = `Tags and policies take about ${likely} % of the space STS allows, with claims of ${LIKELY_VALUE.length} characters. Sessions with longer ones may be refused.`;
  return { faults: [], warnings: [{ path, message }] };
}

function percent({ policy, policyArns, tags }: Packed, value: string): number {
  const tagBytes = Buffer.byteLength(
    tags.map(([key, template]) => key + template.renderWithPlaceholder(value)).join(''),
  );
  const characters = policy(value).length + policyArns.join('').length;
  return Math.ceil(tagBytes / TAG_BYTES_PER_PERCENT + characters / POLICY_CHARACTERS_PER_PERCENT);
}
