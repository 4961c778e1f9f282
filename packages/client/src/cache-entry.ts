// One entry of the disk cache: the credentials of a broker, or the last error. An entry that is damaged or incomplete
// is read as empty.
import { type BrokerCredentials, type Fields, fieldsOf } from './request-credentials.js';
import { Secret } from './secret.js';

/** Milliseconds. SDKs refetch credentials with 15 minutes or less left, so the cache does not return those. */
const REFRESH_BEFORE_EXPIRY_MS = 16 * 60_000;
/** Milliseconds that signing and sending a request takes. */
const MIN_REMAINING_MS = 30_000;

export interface CachedCredentials {
  readonly value: BrokerCredentials;
  /** Time of the request. */
  readonly requestedAt: Date;
}

export interface CachedError {
  readonly message: string;
  /** The broker denied the request: earlier credentials must not be used either. */
  readonly denied: boolean;
  readonly at: Date;
}

export interface CacheEntry {
  readonly cached?: CachedCredentials;
  readonly error?: CachedError;
}

export const isUsable = ({ value }: CachedCredentials, now: Date): boolean =>
  value.credentials.expiration.getTime() - now.getTime() > MIN_REMAINING_MS;

/** True if more than 16 minutes remain, or more than half of a short lifetime. */
export function isFresh(cached: CachedCredentials, now: Date): boolean {
  const expiration = cached.value.credentials.expiration.getTime();
  const refreshBefore = Math.min(REFRESH_BEFORE_EXPIRY_MS, (expiration - cached.requestedAt.getTime()) / 2);
  // `refreshBefore` is negative if the clock was wrong at the time of the request.
  return isUsable(cached, now) && expiration - now.getTime() > refreshBefore;
}

export function serializeEntry({ cached, error }: CacheEntry): string {
  return JSON.stringify({
    Version: 1,
    ...(cached && {
      Since: cached.requestedAt,
      AccessKeyId: cached.value.credentials.accessKeyId,
      SecretAccessKey: cached.value.credentials.secretAccessKey.reveal(),
      SessionToken: cached.value.credentials.sessionToken.reveal(),
      Expiration: cached.value.credentials.expiration,
      Role: cached.value.role,
      Arn: cached.value.arn,
      AccountId: cached.value.accountId,
    }),
    ...(error && { Failure: { Message: error.message, Refused: error.denied, At: error.at } }),
  });
}

/** Returns an empty entry for any text that `serializeEntry` does not produce. */
export function parseEntry(text: string | undefined): CacheEntry {
  const fields = fieldsOf(parseJson(text ?? ''));
  if (fields['Version'] !== 1) return {};
  const cached = parseCredentials(fields);
  const error = parseError(fieldsOf(fields['Failure']));
  return { ...(cached && { cached }), ...(error && { error }) };
}

function parseCredentials(fields: Fields): CachedCredentials | undefined {
  const { AccessKeyId, SecretAccessKey, SessionToken, Role, Arn, AccountId } = fields;
  const requestedAt = parseDate(fields['Since']);
  const expiration = parseDate(fields['Expiration']);
  if (!requestedAt || !expiration || !isText(AccessKeyId) || !isText(SecretAccessKey)) return undefined;
  if (!isText(SessionToken) || !isText(Role)) return undefined;
  const value: BrokerCredentials = {
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
  return { value, requestedAt };
}

function parseError({ Message, Refused, At }: Fields): CachedError | undefined {
  const at = parseDate(At);
  return at && isText(Message) ? { message: Message, denied: Refused !== false, at } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parseDate(value: unknown): Date | undefined {
  const date = new Date(isText(value) ? value : '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
