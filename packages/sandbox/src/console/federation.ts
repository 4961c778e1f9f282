// What AWS sign-in makes of temporary credentials: a token that is good for 15 minutes, then a console session.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { OpenedSession } from '../sts/authenticate.js';
import { seal, unseal } from '../sts/seal.js';
import type { StsServer } from '../sts/server.js';

/** Seconds that a sign-in token can be used. */
const TOKEN_SECONDS = 900;

const SessionParameter = Type.Object({
  sessionId: Type.String(),
  sessionKey: Type.String(),
  sessionToken: Type.String(),
});

/** Whose console it is. Times are epoch seconds. */
export interface ConsoleSession {
  readonly arn: string;
  readonly account: string;
  readonly endsAt: number;
  /** Where to sign in again. */
  readonly issuer?: string;
}

/** What a sign-in token carries. */
interface Grant {
  readonly arn: string;
  readonly account: string;
  readonly goodUntil: number;
  readonly credentialsEnd: number;
  readonly sessionDuration?: number;
}

/** A refusal, in AWS's words and then in ours. */
export class SigninRefusal extends Error {
  override readonly name = 'SigninRefusal';
}

type Parameters = Readonly<Record<string, string | undefined>>;

export interface Federation {
  /** @throws SigninRefusal */
  getSigninToken(parameters: Parameters, now: number): string;
  /** The console session, sealed for a cookie, and where to go. @throws SigninRefusal */
  login(parameters: Parameters, now: number): { readonly cookie: string; readonly destination: string };
  /** The session in a cookie; undefined for any other text. */
  readCookie(cookie: string): ConsoleSession | undefined;
}

export function createFederation(openSession: StsServer['openSession']): Federation {
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
      const grant: Grant = {
        arn: opened.caller.arn,
        account: opened.caller.account,
        goodUntil: now + TOKEN_SECONDS,
        credentialsEnd: opened.session.expiresAt,
        ...(sessionDuration !== undefined && { sessionDuration }),
      };
      return pack(grant);
    },
    login: ({ SigninToken = '', Destination = '', Issuer = '' }, now) => {
      const grant = unpack(SigninToken) as Grant | undefined;
      if (grant?.goodUntil === undefined || now >= grant.goodUntil)
        throw new SigninRefusal('The sign-in token is not one of this sign-in, or is older than 15 minutes.');
      const destination = consoleUrl(Destination);
      const { arn, account, sessionDuration, credentialsEnd } = grant;
      const session: ConsoleSession = {
        arn,
        account,
        endsAt: sessionDuration === undefined ? credentialsEnd : now + sessionDuration,
        ...(/^https?:/.test(Issuer) && { issuer: Issuer }),
      };
      return { cookie: pack(session), destination };
    },
    readCookie: (cookie) => {
      const session = unpack(cookie) as ConsoleSession | undefined;
      return session?.endsAt === undefined ? undefined : session;
    },
  };
}

const invalid = (why: string) => new SigninRefusal(`Invalid Credentials Parameter. ${why}`);

function readSession(text: string | undefined, openSession: StsServer['openSession']): OpenedSession {
  const given = parse(text ?? '');
  if (!Value.Check(SessionParameter, given))
    throw invalid('Session must be JSON of sessionId, sessionKey and sessionToken.');
  const opened = openSession({
    accessKeyId: given.sessionId,
    secretAccessKey: given.sessionKey,
    sessionToken: given.sessionToken,
  });
  if (!opened) throw invalid('These are no credentials of this STS, or they have expired.');
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

/** Hosts of AWS alone, as `Destination` must be. */
function consoleUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url?.protocol === 'https:' &&
    /\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)$/.test(url.hostname)
  )
    return url.href;
  throw new SigninRefusal('Destination is not a page of the AWS console.');
}
