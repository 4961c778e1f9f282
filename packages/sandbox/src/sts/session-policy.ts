// Session policies and the packed size of everything a session carries.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session

import { StsError, validationError } from '@sallyport/sts-protocol/sts-error';
import type { Account, Tags } from '../iam/model.js';
import { type PolicyDocument, readPolicy } from '../iam/policy/document.js';
import { Reader } from '../iam/reader.js';
import { malformedPolicy } from './errors.js';

export interface SessionPolicy {
  readonly document?: PolicyDocument;
  readonly arns: readonly string[];
  /** Characters of the inline policy and the ARNs together. */
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
  // The limit of ten is documented; AWS's text is not known.
  if (arns.length > MAX_ARNS) throw validationError(`PolicyArns may hold at most ${MAX_ARNS} ARNs`);
  const odd = arns.find((arn) => !POLICY_ARN.test(arn));
  if (odd !== undefined) throw validationError(`${odd} is invalid`);
  const { Policy } = parameters;
  return {
    ...(Policy !== undefined && { document: parsePolicy(Policy) }),
    arns,
    length: [Policy ?? '', ...arns].join('').length,
  };
}

/** AWS's texts for a malformed session policy are not known but for the first, and that not confirmed. */
function parsePolicy(text: string): PolicyDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw malformedPolicy('This policy contains invalid Json');
  }
  const reader = new Reader(json);
  const policy = readPolicy(reader, 'identity');
  const [fault] = reader.faults;
  if (fault) throw malformedPolicy(`Syntax errors in policy. (${fault.path.join('.')}: ${fault.message})`);
  return policy;
}

/**
 * The documents behind a session's policies; undefined when it has none and nothing limits it. Customer managed
 * policies come from iam.yaml. Those of AWS are not known here and allow no STS action, and so does an ARN that
 * names nothing (what AWS answers to one is not known).
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
 * Percent of the space for policies and tags. Approximate: AWS packs them in a way it does not publish. Tags are
 * calibrated on reported sizes (nine of 252 bytes: 498 %); a policy is taken to fill the space at its documented
 * limit of 2,048 characters. Throws PackedPolicyTooLarge above 100.
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
