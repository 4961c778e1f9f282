// Session tags. Their keys are case-insensitive and keep their case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html

import { tagKey, tagValue } from '@sallyport/sts-protocol/constraints';
import { checkText } from '@sallyport/sts-protocol/validate';
import type { Tags } from '../iam/model.js';
import { invalidParameterValue } from './errors.js';

export interface RequestedTags {
  readonly tags: Tags;
  readonly transitiveKeys: readonly string[];
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const includes = (keys: readonly string[], key: string) => keys.some((other) => same(other, key));

/** Tags of `base` overridden by those of `over`. Keys that differ only in case are equal. */
export function mergeTags(base: Tags, over: Tags): Tags {
  const keys = Object.keys(over);
  return { ...Object.fromEntries(Object.entries(base).filter(([key]) => !includes(keys, key))), ...over };
}

/** The tags with these keys. */
export const pickTags = (tags: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => includes(keys, key)));

/**
 * Checks the tags of a request for duplicates and conflicts with `inherited`, the transitive tags of the calling
 * session.
 */
export function readTags(
  requested: readonly Tag[],
  transitiveKeys: readonly string[],
  inherited: Tags = {},
): RequestedTags {
  const keys = requested.map(({ Key }) => Key);
  if (keys.some((key, index) => includes(keys.slice(0, index), key))) {
    throw invalidParameterValue('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  // AWS documents that the prefix is reserved; its message is not known.
  if (keys.some((key) => key.toLowerCase().startsWith('aws:'))) {
    throw invalidParameterValue('Tag keys must not begin with aws:');
  }
  // Observed for TransitiveTagKeys; for a tag that is not transitive, AWS's message is not known.
  if ([...transitiveKeys, ...keys].some((key) => includes(Object.keys(inherited), key))) {
    throw invalidParameterValue(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  if (transitiveKeys.some((key) => !includes(keys, key))) {
    throw invalidParameterValue('The specified transitive tag key must be included in the requested tags.');
  }
  return {
    tags: Object.fromEntries(requested.map(({ Key, Value }) => [Key, Value])),
    transitiveKeys,
  };
}

/** Tags from a token or an assertion. The constraints of the Tags parameter apply to them too. */
export function readFederatedTags(
  requested: readonly Tag[],
  transitiveKeys: readonly string[],
): RequestedTags {
  for (const [index, { Key, Value }] of requested.entries()) {
    checkText(tagKey, Key, `tags.${index + 1}.member.key`);
    checkText(tagValue, Value, `tags.${index + 1}.member.value`);
  }
  return readTags(requested, transitiveKeys);
}
