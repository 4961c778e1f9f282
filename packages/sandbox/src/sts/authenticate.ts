// Finds out who signed a request. The order of the checks is AWS's: scope, key, session token, expiry, role, HMAC.

import { StsError } from '@sallyport/sts-protocol/sts-error';
import { findKeyHolder, type Iam } from '../iam/model.js';
import { type Caller, callerOfKey, callerOfSession } from './caller.js';
import { invalidClientTokenId } from './errors.js';
import type { WireRequest } from './query.js';
import type { Session, SessionTokens } from './session-tokens.js';
import { checkScope, readSignature, type Signature, verifySignature } from './sigv4.js';

export interface Authenticated {
  readonly caller: Caller;
  /** The region the signature is scoped to. */
  readonly region: string;
}

/** Throws the fault that STS would answer; `MissingAuthenticationToken` when the request is not signed. */
export function authenticate(
  request: WireRequest,
  iam: Iam,
  tokens: SessionTokens,
  now: Date,
): Authenticated {
  const signature = readSignature(request);
  if (!signature) {
    throw new StsError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  checkScope(signature);
  const { caller, secret } =
    signature.sessionToken === undefined
      ? longTermKey(signature, iam)
      : sessionKey(signature, signature.sessionToken, iam, tokens, now);
  verifySignature(request, signature, secret, now);
  return { caller, region: signature.region };
}

interface Identified {
  readonly caller: Caller;
  readonly secret: string;
}

function longTermKey({ accessKeyId }: Signature, iam: Iam): Identified {
  const holder = findKeyHolder(iam, accessKeyId);
  if (holder?.key.status !== 'Active') throw invalidClientTokenId();
  return { caller: callerOfKey(holder), secret: holder.key.secret };
}

function sessionKey(
  { accessKeyId }: Signature,
  token: string,
  iam: Iam,
  tokens: SessionTokens,
  now: Date,
): Identified {
  const session = tokens.open(token);
  if (session?.accessKeyId !== accessKeyId) throw invalidClientTokenId();
  if (now.getTime() >= session.expiresAt * 1000) {
    throw new StsError(403, 'ExpiredToken', 'The security token included in the request is expired');
  }
  const caller = callerOfSession(iam, session);
  if (!caller) throw invalidClientTokenId();
  return { caller, secret: session.secretAccessKey };
}

/** A session with whom it stands for. */
export interface OpenedSession {
  readonly session: Session;
  readonly caller: Caller;
}

/** Credentials that are shown whole, as AWS sign-in gets them. Undefined unless they belong together and are in force. */
export function openSession(
  credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  },
  iam: Iam,
  tokens: SessionTokens,
  now: Date,
): OpenedSession | undefined {
  const session = tokens.open(credentials.sessionToken);
  if (session?.accessKeyId !== credentials.accessKeyId) return undefined;
  if (session.secretAccessKey !== credentials.secretAccessKey) return undefined;
  if (now.getTime() >= session.expiresAt * 1000) return undefined;
  const caller = callerOfSession(iam, session);
  return caller && { session, caller };
}
