// Identifies the signer of a request. The order of the checks is AWS's: scope, key, session token, expiry, role, HMAC.

import { StsError } from '@sallyport/sts-protocol/sts-error';
import { findKeyHolder, type Iam } from '../iam/model.js';
import { type Caller, callerOfKey, callerOfSession } from './caller.js';
import { invalidClientTokenId } from './errors.js';
import type { HttpRequest } from './query.js';
import type { Session, SessionTokens } from './session-tokens.js';
import { checkScope, readSignature, type Signature, verifySignature } from './sigv4.js';

export interface AuthenticatedCaller {
  readonly caller: Caller;
  /** The region the signature is scoped to. */
  readonly region: string;
}

/** Throws the StsError of AWS; `MissingAuthenticationToken` if the request is not signed. */
export function authenticate(
  request: HttpRequest,
  iam: Iam,
  tokens: SessionTokens,
  now: Date,
): AuthenticatedCaller {
  const signature = readSignature(request);
  if (!signature) {
    throw new StsError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  checkScope(signature);
  const { caller, secret } =
    signature.sessionToken === undefined
      ? identifyLongTermKey(signature, iam)
      : identifySessionKey(signature, signature.sessionToken, iam, tokens, now);
  verifySignature(request, signature, secret, now);
  return { caller, region: signature.region };
}

interface SigningIdentity {
  readonly caller: Caller;
  readonly secret: string;
}

function identifyLongTermKey({ accessKeyId }: Signature, iam: Iam): SigningIdentity {
  const holder = findKeyHolder(iam, accessKeyId);
  if (holder?.key.status !== 'Active') throw invalidClientTokenId();
  return { caller: callerOfKey(holder), secret: holder.key.secret };
}

function identifySessionKey(
  { accessKeyId }: Signature,
  token: string,
  iam: Iam,
  tokens: SessionTokens,
  now: Date,
): SigningIdentity {
  const session = tokens.open(token);
  if (session?.accessKeyId !== accessKeyId) throw invalidClientTokenId();
  if (now.getTime() >= session.expiresAt * 1000) {
    throw new StsError(403, 'ExpiredToken', 'The security token included in the request is expired');
  }
  const caller = callerOfSession(iam, session);
  if (!caller) throw invalidClientTokenId();
  return { caller, secret: session.secretAccessKey };
}

/** A session and its caller. */
export interface OpenedSession {
  readonly session: Session;
  readonly caller: Caller;
}

/** The session of complete credentials, as AWS sign-in receives them. Undefined if they do not match or have expired. */
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
