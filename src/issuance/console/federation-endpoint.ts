// The federation endpoint of AWS sign-in: exchanges credentials for a sign-in token. The keys are sent in the body of a
// POST, so that they do not get into access logs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html

import { Secret } from '@sallyport/client/internal/secret';
import { Agent, errors, request } from 'undici';
import { SallyportError } from '../../core/errors.js';
import { isJsonObject, JsonError, parseJson } from '../../core/json.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { Credentials } from '../../core/types.js';

const MAX_BYTES = 64 * 1024;
/** Milliseconds for the whole exchange. */
const TIMEOUT = 5000;
/** Visible ASCII, since it becomes part of a URL. */
const TOKEN = /^[!-~]{1,16384}$/;
/** Client errors for which a retry can help. */
const RETRYABLE = new Set([408, 429]);

/**
 * `endpoint`: URL of the federation endpoint. `sessionDuration`: seconds. `timeoutMs`: 5 s at most.
 * @throws SallyportError `signin_refused` or `signin_unavailable`.
 */
export async function getSigninToken(
  endpoint: string,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  sessionDuration?: number,
  timeoutMs = TIMEOUT,
): Promise<Secret> {
  if (timeoutMs <= 0) throw unavailable('timeout');
  const session = {
    sessionId: accessKeyId,
    sessionKey: secretAccessKey.reveal(),
    sessionToken: sessionToken.reveal(),
  };
  const form = new URLSearchParams({
    Action: 'getSigninToken',
    ...(sessionDuration !== undefined && { SessionDuration: String(sessionDuration) }),
    Session: JSON.stringify(session),
  });
  const agent = new Agent({
    maxResponseSize: MAX_BYTES,
    // NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored, since keys are sent.
    connect: { rejectUnauthorized: true, minVersion: 'TLSv1.2', timeout: TIMEOUT },
  });
  try {
    const { statusCode, body } = await request(endpoint, {
      method: 'POST',
      dispatcher: agent,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        'accept-encoding': 'identity',
      },
      body: form.toString(),
      signal: AbortSignal.timeout(Math.min(TIMEOUT, timeoutMs)),
    });
    if (statusCode >= 400 && statusCode < 500 && !RETRYABLE.has(statusCode))
      throw new SallyportError('signin_refused', { reason: `signin.status_${statusCode}` });
    if (statusCode !== 200) throw unavailable(`status_${statusCode}`);
    return parseToken(await body.text());
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw unavailable(reasonOf(error), error);
  } finally {
    await agent.destroy();
  }
}

function parseToken(text: string): Secret {
  const response = parseJson(text);
  const token = isJsonObject(response) ? response['SigninToken'] : undefined;
  if (typeof token !== 'string' || !TOKEN.test(token)) throw unavailable('answer_malformed');
  return new Secret(token);
}

/** Without the prefix `signin.`. */
type SigninReason = ReasonSuffix<'signin'> | `status_${number}`;

const unavailable = (reason: SigninReason, cause?: unknown) =>
  new SallyportError('signin_unavailable', { reason: `signin.${reason}`, cause });

function reasonOf(error: unknown): SigninReason {
  if (error instanceof JsonError) return 'answer_malformed';
  if (error instanceof errors.ResponseExceededMaxSizeError) return 'answer_too_large';
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'connection';
}
