// A person signs in at an OIDC issuer, and the ID token is the proof. With a browser: authorization code with PKCE, by a
// loopback redirect (RFC 7636, RFC 8252). Without: a code to enter elsewhere (RFC 8628). No refresh token is asked for.

import { isLoopback, isSecureUrl } from '@sallyport/client/internal/secure-url';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import type { Configuration, TokenEndpointResponse } from 'openid-client';
import { hasInvisibleCharacters } from '../../core/invisible-characters.js';
import { notifyUser } from './notify-user.js';
import { openBrowser } from './open-browser.js';
import { receiveRedirect } from './redirect.js';

/** Milliseconds that a person has. */
const PATIENCE = 5 * 60_000;
/** Seconds that the issuer has for one answer. */
const TIMEOUT = 15;

export interface SignIn {
  readonly issuer: string;
  /** Of a public client: there is no secret. */
  readonly clientId: string;
  /** Separated by spaces; `openid` is among them. */
  readonly scope: string;
  /** Without a browser on this machine. */
  readonly device: boolean;
  /** Of the loopback redirect; 0 takes a free one. */
  readonly redirectPort: number;
}

/** The ID token. Rejects with an Error that says what to do. */
export async function signIn(asked: SignIn): Promise<string> {
  const tooLate = () => new Error('Nobody has signed in for five minutes. Run the command again.');
  const answer = await withTimeout(PATIENCE, tooLate, async (signal) => {
    const configuration = await discover(asked);
    return (asked.device ? withDevice : withBrowser)(configuration, asked, signal);
  }).catch((error) => {
    throw explained(error);
  });
  if (answer.id_token === undefined) throw new Error('The issuer gave no ID token. Put openid into --scope.');
  return answer.id_token;
}

async function discover({ issuer, clientId }: SignIn): Promise<Configuration> {
  if (!isSecureUrl(issuer)) throw new Error('The issuer must be an https URL. Correct --issuer.');
  const { allowInsecureRequests, discovery, None } = await import('openid-client');
  const url = new URL(issuer);
  // http is for an issuer on this machine.
  const execute = isLoopback(url.hostname) ? [allowInsecureRequests] : [];
  return discovery(url, clientId, undefined, None(), { execute, timeout: TIMEOUT });
}

type Tokens = Pick<TokenEndpointResponse, 'id_token'>;

async function withBrowser(
  configuration: Configuration,
  { scope, redirectPort }: SignIn,
  signal: AbortSignal,
): Promise<Tokens> {
  const client = await import('openid-client');
  const [state, nonce, verifier] = [
    client.randomState(),
    client.randomNonce(),
    client.randomPKCECodeVerifier(),
  ];
  const challenge = await client.calculatePKCECodeChallenge(verifier);
  const begin = (redirectUri: string) => {
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    notifyUser(`Sign in with a browser on this machine. If none opens, go to:\n${url}`);
    // Where none can be opened there is the URL.
    openBrowser(url.href).catch(() => {});
  };
  const checks = {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  };
  const finish = (url: URL) => client.authorizationCodeGrant(configuration, url, checks);
  return receiveRedirect({ port: redirectPort, state, signal, begin, finish });
}

async function withDevice(
  configuration: Configuration,
  { scope }: SignIn,
  signal: AbortSignal,
): Promise<Tokens> {
  const client = await import('openid-client');
  if (configuration.serverMetadata().device_authorization_endpoint === undefined)
    throw new Error('The issuer has no sign-in by device code. Leave out --device.');
  const begun = await client.initiateDeviceAuthorization(configuration, { scope });
  const { verification_uri: place, verification_uri_complete: complete, user_code: code } = begun;
  if (hasInvisibleCharacters(code)) throw new Error('The issuer gave a code that cannot be shown.');
  const then = complete === undefined ? `Enter the code ${code}.` : `It must show the code ${code}.`;
  notifyUser(`Sign in with any browser: ${new URL(complete ?? place)}\n${then}`);
  return client.pollDeviceAuthorizationGrant(configuration, begun, undefined, { signal });
}

/** What openid-client throws, said for a person; every other error as it is. */
function explained(error: unknown): unknown {
  const { name, message, code = '', error: refusal, error_description: why } = error as Partial<Refusal>;
  if (refusal !== undefined && !hasInvisibleCharacters(refusal)) {
    const reason = why === undefined || hasInvisibleCharacters(why) ? '' : ` (${why})`;
    return new Error(`The issuer refused the sign-in: ${refusal}${reason}. Try again, or ask its operator.`);
  }
  if (name === 'TypeError' || UNANSWERED.has(code))
    return new Error('The issuer does not answer as an OpenID provider. Check --issuer, and the network.');
  if (name === 'ClientError') return new Error(`The answer of the issuer is refused: ${message}. Try again.`);
  return error;
}

/** RFC 6749 sections 4.1.2.1 and 5.2. */
interface Refusal extends Error {
  readonly code: string;
  readonly error: string;
  readonly error_description: string;
}

const UNANSWERED = new Set(['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);
