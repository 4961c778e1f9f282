// Session tags and source identity in the claims of a token, nested or flattened.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp

import { sourceIdentity } from '@sallyport/sts-protocol/constraints';
import { checkText } from '@sallyport/sts-protocol/validate';
import type { JWTPayload } from 'jose';
import { invalidIdentityToken } from './errors.js';
import { type RequestedTags, readFederatedTags, type Tag } from './tags.js';

const TAGS = 'https://aws.amazon.com/tags';
const FLAT_TAG = `${TAGS}/principal_tags/`;
const FLAT_TRANSITIVE = `${TAGS}/transitive_tag_keys`;
const SOURCE_IDENTITY = 'https://aws.amazon.com/source_identity';

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export function tagsOfClaims(claims: JWTPayload): RequestedTags {
  const nested = fieldsOf(claims[TAGS]);
  const flat = Object.entries(claims).filter(([name]) => name.startsWith(FLAT_TAG));
  const tags = [
    ...Object.entries(fieldsOf(nested['principal_tags'])),
    ...flat.map(([name, value]) => [name.slice(FLAT_TAG.length), value] as const),
  ].map(([key, value]): Tag => ({ Key: key, Value: singleText(value) }));
  const transitiveKeys = [...texts(nested['transitive_tag_keys']), ...texts(claims[FLAT_TRANSITIVE])];
  return readFederatedTags(tags, transitiveKeys);
}

/** A tag has exactly one value, alone or in a list. AWS's message for anything else is not known. */
function singleText(value: unknown): string {
  const [only, ...others] = [value].flat();
  if (typeof only !== 'string' || others.length > 0) {
    throw invalidIdentityToken('Each session tag in the token must have exactly one value');
  }
  return only;
}

function texts(value: unknown): string[] {
  if (value === undefined) return [];
  const list = [value].flat();
  if (list.every((item) => typeof item === 'string')) return list;
  throw invalidIdentityToken('Transitive tag keys in the token must be strings');
}

export function sourceIdentityOfClaims(claims: JWTPayload): { readonly sourceIdentity?: string } {
  const value = claims[SOURCE_IDENTITY];
  if (value === undefined) return {};
  // AWS's message for a claim that is not a string is not known.
  if (typeof value !== 'string')
    throw invalidIdentityToken('The source identity in the token must be a string');
  checkText(sourceIdentity, value, 'sourceIdentity');
  return { sourceIdentity: value };
}
