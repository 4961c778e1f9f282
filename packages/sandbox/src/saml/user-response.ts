// The values of the Response for a user who has just signed in, with the attributes that AWS and Sallyport read.
import { randomUUID } from 'node:crypto';
import { claimsOf, type SandboxUser } from '../users.js';
import { AWS, NAME_ID_FORMAT } from './names.js';
import type { ResponseValues } from './response.js';

/** STS accepts an assertion for five minutes. */
export const DEFAULT_LIFETIME_SECONDS = 300;
/** How long the user stays signed in. */
const SESSION_SECONDS = 8 * 3600;

export interface UserResponseOptions {
  readonly issuer: string;
  readonly user: SandboxUser;
  /** Values of the AWS Role attribute. */
  readonly roles: readonly string[];
  readonly recipient: string;
  readonly audience: string;
  readonly nameIdFormat: 'persistent' | 'emailAddress';
  readonly inResponseTo?: string;
  readonly lifetimeSeconds: number;
  /** Added to the user's attributes, or replacing them. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

/** The claims that can be attributes: scalars and lists of scalars. */
function attributesOf(user: SandboxUser): Record<string, string[]> {
  const scalars = Object.entries(claimsOf(user)).map(([name, value]) => [name, [value].flat()] as const);
  return Object.fromEntries(
    scalars
      .filter(([, values]) => values.every((value) => typeof value !== 'object'))
      .map(([name, values]) => [name, values.map(String)]),
  );
}

/** All values except the signature. IDs are new each time. */
export function createResponseValues(options: UserResponseOptions, now: Date): ResponseValues {
  const { user, recipient, inResponseTo, nameIdFormat } = options;
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  return {
    issuer: options.issuer,
    responseId: `_${randomUUID()}`,
    assertionId: `_${randomUUID()}`,
    destination: recipient,
    recipient,
    audiences: [options.audience],
    ...(inResponseTo === undefined ? {} : { inResponseTo }),
    nameId: {
      value: nameIdFormat === 'persistent' ? user.name : user.email,
      format: NAME_ID_FORMAT[nameIdFormat],
    },
    notBefore: now,
    notOnOrAfter: after(options.lifetimeSeconds),
    sessionIndex: `_${randomUUID()}`,
    sessionNotOnOrAfter: after(SESSION_SECONDS),
    attributes: {
      ...attributesOf(user),
      ...(options.roles.length > 0 ? { [AWS.role]: options.roles } : {}),
      [AWS.roleSessionName]: user.email,
      [AWS.sessionDuration]: String(SESSION_SECONDS),
      ...options.attributes,
    },
  };
}
