// The federation endpoint of AWS sign-in: credentials become a sign-in token, which is valid for 15 minutes, and then a
// console session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { OpenedSession } from '../sts/authenticate.js';
import { seal, unseal } from '../sts/seal.js';
import type { StsServer } from '../sts/server.js';

/** Lifetime of a sign-in token in seconds. */
const TOKEN_SECONDS = 900;

const SessionParameter = Type.Object({
  sessionId: Type.String(),
  sessionKey: Type.String(),
  sessionToken: Type.String(),
});

/** A console session. Times are epoch seconds. */
export interface ConsoleSession {
  readonly arn: string;
  readonly account: string;
  readonly expiresAt: number;
  /** URL for signing in again. */
  readonly issuer?: string;
}

/** The content of a sign-in token. Times are epoch seconds. */
interface SigninTokenContent {
  readonly arn: string;
  readonly account: string;
  /** Not `expiresAt`, so that a token does not pass for a console session. */
  readonly tokenExpiresAt: number;
  readonly credentialsExpireAt: number;
  readonly sessionDuration?: number;
}

/** Sign-in failed. The message starts with AWS's text where it is known. */
export class SigninError extends Error {
  override readonly name = 'SigninError';
}

type Parameters = Readonly<Record<string, string | undefined>>;

export interface FederationEndpoint {
  /** @throws SigninRefusal */
  getSigninToken(parameters: Parameters, now: number): string;
  /** The encrypted cookie with the console session, and the destination. @throws SigninRefusal */
  login(parameters: Parameters, now: number): { readonly cookie: string; readonly destination: string };
  /** The session in a cookie. Undefined for any other text. */
  readCookie(cookie: string): ConsoleSession | undefined;
}

export function createFederationEndpoint(openSession: StsServer['openSession']): FederationEndpoint {
  const key = randomBytes(32);
  const pack = (value: object) =>
    Buffer.from(seal(key, JSON.stringify(value)), 'base64').toString('base64url');
  const unpack = (text: string): unknown => {
    const json = unseal(key, Buffer.from(text, 'base64url').toString('base64'));
    return json === undefined ? undefined : JSON.parse(json);
  };
  return {
    getSigninToken: ({ Session, SessionDuration }, now) => {
      const opened = readSession(Session, openSession);
      const sessionDuration = readDuration(SessionDuration, opened);
      const grant: SigninTokenContent = {
        arn: opened.caller.arn,
        account: opened.caller.account,
        tokenExpiresAt: now + TOKEN_SECONDS,
        credentialsExpireAt: opened.session.expiresAt,
        ...(sessionDuration !== undefined && { sessionDuration }),
      };
      return pack(grant);
    },
    login: ({ SigninToken = '', Destination = '', Issuer = '' }, now) => {
      const grant = unpack(SigninToken) as SigninTokenContent | undefined;
      if (grant?.tokenExpiresAt === undefined || now >= grant.tokenExpiresAt)
        throw new SigninError('The sign-in token is invalid or older than 15 minutes.');
      const destination = consoleUrl(Destination);
      const { arn, account, sessionDuration, credentialsExpireAt } = grant;
      const session: ConsoleSession = {
        arn,
        account,
        expiresAt: sessionDuration === undefined ? credentialsExpireAt : now + sessionDuration,
        ...(/^https?:/.test(Issuer) && { issuer: Issuer }),
      };
      return { cookie: pack(session), destination };
    },
    readCookie: (cookie) => {
      const session = unpack(cookie) as ConsoleSession | undefined;
      return session?.expiresAt === undefined ? undefined : session;
    },
  };
}

const invalid = (reason: string) => new SigninError(`Invalid Credentials Parameter. ${reason}`);

function readSession(text: string | undefined, openSession: StsServer['openSession']): OpenedSession {
  const given = parse(text ?? '');
  if (!Value.Check(SessionParameter, given))
    throw invalid('Session must be JSON of sessionId, sessionKey and sessionToken.');
  const opened = openSession({
    accessKeyId: given.sessionId,
    secretAccessKey: given.sessionKey,
    sessionToken: given.sessionToken,
  });
  if (!opened) throw invalid('The credentials are not from this STS, or have expired.');
  if (opened.session.principal.type === 'UserSession')
    throw invalid('Credentials of GetSessionToken cannot sign in to the console.');
  return opened;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readDuration(text: string | undefined, { session }: OpenedSession): number | undefined {
  if (text === undefined) return undefined;
  const { principal } = session;
  if (principal.type !== 'AssumedRole' || principal.chained)
    throw invalid('SessionDuration is for roles only, and not for chained ones.');
  const seconds = Number(text);
  if (!/^\d{1,5}$/.test(text) || seconds < 900 || seconds > 43_200)
    throw invalid('SessionDuration is a number of seconds, 900 to 43200.');
  return seconds;
}

/** `Destination` must be a URL of AWS. */
function consoleUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol === 'https:' &&
    /\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)$/.test(url.hostname)
  )
    return url.href;
  throw new SigninError('Destination is not a page of the AWS console.');
}
