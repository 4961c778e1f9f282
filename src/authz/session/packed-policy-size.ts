// Estimates PackedPolicySize, the share of the STS limit that a session's policies and tags take, when the config loads. AWS
// does not publish the packing, so the config is invalid only if any claims exceed it. A session near the limit is a warning.
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import type { Template } from './template.js';

/** Measured: nine tags of 252 bytes take 498 %. A policy of 2048 characters is assumed to take 100 %. */
const TAG_BYTES_PER_PERCENT = 4.56;
const POLICY_CHARACTERS_PER_PERCENT = 20.48;
const WARNING_PERCENT = 80;

/** Limit of STS for the session policy and the policy ARNs together, in characters. */
export const POLICY_LIMIT = 2048;

const SHORTEST_VALUE = 'x';
const TYPICAL_VALUE = 'x'.repeat(24);

/** The parts of a session that count. */
export interface PackedParts {
  /** The policy text with `value` in place of each claim. */
  policy(value: string): string;
  readonly policyArns: readonly string[];
  readonly tags: readonly (readonly [key: string, value: Template])[];
}

/** Errors and warnings about the session at `path` in the config. */
export function checkPackedSize(
  parts: PackedParts,
  path: ConfigPath,
): { readonly errors: readonly ConfigError[]; readonly warnings: readonly ConfigError[] } {
  const characters = parts.policy(SHORTEST_VALUE).length + parts.policyArns.join('').length;
  if (characters > POLICY_LIMIT) {
    const message = `The session policy and the policy ARNs have at least ${characters} characters, but STS accepts ${POLICY_LIMIT} in total. Shorten them, or move statements to managed policies.`;
    return { errors: [{ path, message }], warnings: [] };
  }
  const minimum = percentOf(parts, SHORTEST_VALUE);
  const typical = percentOf(parts, TYPICAL_VALUE);
  if (minimum > 100) {
    const message = `Tags and policies take about ${minimum} % of the packed size that STS accepts, for any claims. Remove or shorten some.`;
    return { errors: [{ path, message }], warnings: [] };
  }
  if (typical < WARNING_PERCENT) return { errors: [], warnings: [] };
  const message = `Tags and policies take about ${typical} % of the packed size that STS accepts, with claims of ${TYPICAL_VALUE.length} characters. STS may refuse sessions with longer claims.`;
  return { errors: [], warnings: [{ path, message }] };
}

function percentOf({ policy, policyArns, tags }: PackedParts, value: string): number {
  const tagBytes = Buffer.byteLength(
    tags.map(([key, template]) => key + template.renderWithPlaceholder(value)).join(''),
  );
  const characters = policy(value).length + policyArns.join('').length;
  return Math.ceil(tagBytes / TAG_BYTES_PER_PERCENT + characters / POLICY_CHARACTERS_PER_PERCENT);
}
