// The attributes of an assertion that AWS reads.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
import {
  MAX_ROLE_SESSION_SECONDS,
  MIN_SESSION_SECONDS,
  namePattern,
  sessionName,
} from '@sallyport/sts-protocol/constraints';
import { invalidIdentityToken } from '../errors.js';
import { type RequestedTags, readFederatedTags } from '../tags.js';
import type { Assertion } from './assertion.js';

const PREFIX = 'https://aws.amazon.com/SAML/Attributes/';
const PRINCIPAL_TAG = `${PREFIX}PrincipalTag:`;
const NAME = new RegExp(namePattern(sessionName));

/** Whether the Role attribute pairs this role with this provider, in either order. */
export function offersRole({ attributes }: Assertion, roleArn: string, principalArn: string): boolean {
  const pairs = attributes.get(`${PREFIX}Role`) ?? [];
  return pairs.some((pair) => {
    const [first, second, ...rest] = pair.split(',').map((arn) => arn.trim());
    const both = [first, second];
    return rest.length === 0 && both.includes(roleArn) && both.includes(principalArn);
  });
}

export function roleSessionName({ attributes }: Assertion): string {
  const [name, ...others] = attributes.get(`${PREFIX}RoleSessionName`) ?? [];
  if (name === undefined) throw invalidIdentityToken('RoleSessionName is required in AuthnResponse');
  if (others.length > 0 || !NAME.test(name)) {
    throw invalidIdentityToken('RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}');
  }
  return name;
}

/** Seconds, 900 to 43200. AWS's message for another value is not known. */
export function sessionDuration({ attributes }: Assertion): number | undefined {
  const [text] = attributes.get(`${PREFIX}SessionDuration`) ?? [];
  if (text === undefined) return undefined;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds < MIN_SESSION_SECONDS || seconds > MAX_ROLE_SESSION_SECONDS) {
    throw invalidIdentityToken('SessionDuration in AuthnResponse must be from 900 to 43200 seconds');
  }
  return seconds;
}

/** The pattern has no colon, so it excludes names that begin with `aws:`. */
export function samlSourceIdentity({ attributes }: Assertion): { readonly sourceIdentity?: string } {
  const [sourceIdentity] = attributes.get(`${PREFIX}SourceIdentity`) ?? [];
  if (sourceIdentity === undefined) return {};
  if (!NAME.test(sourceIdentity)) {
    throw invalidIdentityToken(
      'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"',
    );
  }
  return { sourceIdentity };
}

/** One attribute per tag, with one value. AWS's message for several values is not known. */
export function samlTags({ attributes }: Assertion): RequestedTags {
  const tags = [...attributes]
    .filter(([name]) => name.startsWith(PRINCIPAL_TAG))
    .map(([name, values]) => {
      const [value, ...others] = values;
      if (value === undefined || others.length > 0) {
        throw invalidIdentityToken('Each session tag in the assertion must have exactly one value');
      }
      return { Key: name.slice(PRINCIPAL_TAG.length), Value: value };
    });
  return readFederatedTags(tags, attributes.get(`${PREFIX}TransitiveTagKeys`) ?? []);
}
