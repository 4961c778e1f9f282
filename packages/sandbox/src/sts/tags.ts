// Session tags: their keys compare case-insensitively and keep their case.
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

/** `over` laid on `base`: an equal key in another case replaces the one below. */
export function mergeTags(base: Tags, over: Tags): Tags {
  const keys = Object.keys(over);
  return { ...Object.fromEntries(Object.entries(base).filter(([key]) => !includes(keys, key))), ...over };
}

/** The tags whose keys are among `keys`. */
export const pickTags = (tags: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => includes(keys, key)));

/**
 * Checks the tags of a request against each other and against `inherited`, the transitive tags of the calling
 * session, which can be neither repeated nor changed.
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
  // That the prefix is reserved is documented; AWS's text is not known.
  if (keys.some((key) => key.toLowerCase().startsWith('aws:'))) {
    throw invalidParameterValue('Tag keys must not begin with aws:');
  }
  // Recorded for TransitiveTagKeys; for a mere tag of that key AWS's text is not known.
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

/** Tags that came in a token or an assertion: the constraints of the Tags parameter hold for them too. */
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
