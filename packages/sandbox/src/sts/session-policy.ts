// Session policies, and the packed size of the policies and tags of a session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session

import { StsError, validationError } from '@sallyport/sts-protocol/sts-error';
import type { Account, Tags } from '../iam/model.js';
import { type PolicyDocument, readPolicy } from '../iam/policy/document.js';
import { Reader } from '../iam/reader.js';
import { malformedPolicy } from './errors.js';

export interface SessionPolicy {
  readonly document?: PolicyDocument;
  readonly arns: readonly string[];
  /** Number of characters of the inline policy and the ARNs together. */
  readonly length: number;
}

const MAX_ARNS = 10;
const POLICY_ARN = /^arn:aws:iam::(?:\d{12}|aws):policy\/[\w+=,.@/-]+$/;

/** Reads the parameters Policy and PolicyArns. */
export function readSessionPolicy(parameters: {
  readonly Policy?: string;
  readonly PolicyArns?: readonly { readonly arn?: string }[];
}): SessionPolicy {
  const arns = (parameters.PolicyArns ?? []).flatMap(({ arn }) => arn ?? []);
  // The limit is documented; AWS's message is not known.
  if (arns.length > MAX_ARNS) throw validationError(`PolicyArns may hold at most ${MAX_ARNS} ARNs`);
  const invalid = arns.find((arn) => !POLICY_ARN.test(arn));
  if (invalid !== undefined) throw validationError(`${invalid} is invalid`);
  const { Policy } = parameters;
  return {
    ...(Policy !== undefined && { document: parsePolicy(Policy) }),
    arns,
    length: [Policy ?? '', ...arns].join('').length,
  };
}

/** Only the first of these messages was reported for AWS, and it is not confirmed. */
function parsePolicy(text: string): PolicyDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
  const reader = new Reader(json);
  const policy = readPolicy(reader, 'identity');
  const [error] = reader.errors;
  if (error) throw malformedPolicy(`Syntax errors in policy. (${error.path.join('.')}: ${error.message})`);
  return policy;
}

/**
 * The session policies of a session. Undefined if it has none and is not limited. Customer managed policies come from
 * iam.yaml. AWS managed policies and unknown ARNs allow nothing here; what AWS does with an unknown ARN is not known.
 */
export function sessionPolicyDocuments(
  account: Account,
  policy: PolicyDocument | undefined,
  arns: readonly string[],
): readonly PolicyDocument[] | undefined {
  if (!policy && arns.length === 0) return undefined;
  return [...(policy ? [policy] : []), ...arns.flatMap((arn) => account.policies.get(arn) ?? [])];
}

const TAG_BYTES_PER_PERCENT = 4.56;
const POLICY_CHARACTERS_PER_PERCENT = 20.48;

/**
 * The packed size of policies and tags in percent of the limit. This is an approximation: AWS does not publish its
 * compression. Tags are calibrated on reported sizes (nine tags of 252 bytes: 498 %). A policy is assumed to reach 100 %
 * at its documented limit of 2,048 characters. Throws PackedPolicyTooLarge above 100.
 */
export function packedPolicySize(policy: SessionPolicy, tags: Tags): number {
  const tagBytes = Buffer.byteLength(Object.entries(tags).flat().join(''));
  const size = Math.ceil(tagBytes / TAG_BYTES_PER_PERCENT + policy.length / POLICY_CHARACTERS_PER_PERCENT);
  if (size <= 100) return size;
  throw new StsError(
    400,
    'PackedPolicyTooLarge',
    tagBytes > 0
      ? `Packed size of session tags consumes ${size}% of allotted space.`
      : `Packed policy consumes ${size}% of allotted space, please use smaller policy.`,
  );
}
