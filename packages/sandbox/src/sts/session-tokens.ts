// Session credentials. The token carries the whole session, sealed: STS keeps no list, and sessions end with it.
import { randomBytes, randomInt } from 'node:crypto';
import type { Tags } from '../iam/model.js';
import type { PolicyDocument } from '../iam/policy/document.js';
import { seal, unseal } from './seal.js';

/** Condition keys that a federated session keeps, e.g. `saml:sub`. */
export type ConditionKeys = readonly (readonly [string, string | readonly string[]])[];

/** The principal of session credentials. Times are epoch seconds. */
export type SessionPrincipal =
  | {
      readonly type: 'UserSession';
      readonly account: string;
      /** Absent: the account's root user. */
      readonly userId?: string;
      readonly mfaAuthenticatedAt?: number;
    }
  | { readonly type: 'FederatedUser'; readonly account: string; readonly name: string; readonly tags: Tags }
  | {
      readonly type: 'AssumedRole';
      readonly account: string;
      readonly roleId: string;
      readonly sessionName: string;
      /** Session tags, inherited ones included. */
      readonly tags: Tags;
      readonly transitiveTagKeys: readonly string[];
      readonly sourceIdentity?: string;
      readonly policy?: PolicyDocument;
      readonly policyArns: readonly string[];
      readonly conditionKeys: ConditionKeys;
      readonly mfaAuthenticatedAt?: number;
      /** Taken on with the credentials of another session. */
      readonly chained: boolean;
    };

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly principal: SessionPrincipal;
}

/** The Credentials element of a response. */
export interface IssuedCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: Date;
}

const KEY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export class SessionTokens {
  readonly #key = randomBytes(32);

  /** Issues credentials that are valid from `now`, rounded down to the second. */
  issue(principal: SessionPrincipal, durationSeconds: number, now: Date): IssuedCredentials {
    const issuedAt = Math.floor(now.getTime() / 1000);
    const session: Session = {
      accessKeyId: `ASIA${Array.from({ length: 16 }, () => KEY_ALPHABET[randomInt(36)]).join('')}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      issuedAt,
      expiresAt: issuedAt + durationSeconds,
      principal,
    };
    return {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: seal(this.#key, JSON.stringify(session)),
      Expiration: new Date(session.expiresAt * 1000),
    };
  }

  /** The session in a token of this STS. Undefined for any other text. */
  open(token: string): Session | undefined {
    const text = unseal(this.#key, token);
    return text === undefined ? undefined : (JSON.parse(text) as Session);
  }
}
