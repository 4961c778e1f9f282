// One entry of the disk cache: what a broker gave, or why it gave nothing, as the next process reads it. What is not
// whole counts as nothing.

import { type Fields, fieldsOf } from './fields.js';
import type { BrokerCredentials } from './request-credentials.js';
import { Secret } from './secret.js';

/** Milliseconds. SDKs ask anew for what ends in 15 minutes or less, so that is not given out again. */
const RENEW_AHEAD = 16 * 60_000;
/** Milliseconds that a request needs to be signed and to arrive. */
const LAST_USE = 30_000;

export interface CachedCredentials {
  readonly given: BrokerCredentials;
  /** When they were asked for. */
  readonly since: Date;
}

export interface CachedFailure {
  readonly message: string;
  /** The broker's own no: then what is left is not served either. */
  readonly refused: boolean;
  readonly at: Date;
}

export interface CacheEntry {
  readonly kept?: CachedCredentials;
  readonly failure?: CachedFailure;
}

export const isUsable = ({ given }: CachedCredentials, now: Date): boolean =>
  given.credentials.expiration.getTime() - now.getTime() > LAST_USE;

/** More than 16 minutes are left, or more than half, where the whole lifetime is short. */
export function isFresh(kept: CachedCredentials, now: Date): boolean {
  const until = kept.given.credentials.expiration.getTime();
  const ahead = Math.min(RENEW_AHEAD, (until - kept.since.getTime()) / 2);
  // Where the clock was wrong when they came, they seem to have come after their end.
  return isUsable(kept, now) && until - now.getTime() > ahead;
}

export function serializeEntry({ kept, failure }: CacheEntry): string {
  return JSON.stringify({
    Version: 1,
    ...(kept && {
      Since: kept.since,
      AccessKeyId: kept.given.credentials.accessKeyId,
      SecretAccessKey: kept.given.credentials.secretAccessKey.reveal(),
      SessionToken: kept.given.credentials.sessionToken.reveal(),
      Expiration: kept.given.credentials.expiration,
      Role: kept.given.role,
      Arn: kept.given.arn,
      AccountId: kept.given.accountId,
    }),
    ...(failure && { Failure: { Message: failure.message, Refused: failure.refused, At: failure.at } }),
  });
}

/** `{}` for whatever else than `writeEntry` writes. */
export function parseEntry(text: string | undefined): CacheEntry {
  const fields = fieldsOf(parsed(text ?? ''));
  if (fields['Version'] !== 1) return {};
  const kept = keptOf(fields);
  const failure = failureOf(fieldsOf(fields['Failure']));
  return { ...(kept && { kept }), ...(failure && { failure }) };
}

function keptOf({
  Since,
  AccessKeyId,
  SecretAccessKey,
  SessionToken,
  Expiration,
  Role,
  Arn,
  AccountId,
}: Fields) {
  const since = dateOf(Since);
  const expiration = dateOf(Expiration);
  if (!since || !expiration || !isText(AccessKeyId) || !isText(SecretAccessKey)) return undefined;
  if (!isText(SessionToken) || !isText(Role)) return undefined;
  const given: BrokerCredentials = {
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: new Secret(SecretAccessKey),
      sessionToken: new Secret(SessionToken),
      expiration,
    },
    role: Role,
    ...(isText(Arn) && { arn: Arn }),
    ...(isText(AccountId) && { accountId: AccountId }),
  };
  return { given, since };
}

function failureOf({ Message, Refused, At }: Fields): CachedFailure | undefined {
  const at = dateOf(At);
  return at && isText(Message) ? { message: Message, refused: Refused !== false, at } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function dateOf(value: unknown): Date | undefined {
  const date = new Date(isText(value) ? value : '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
