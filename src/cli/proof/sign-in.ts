// Signs a user in at an OIDC issuer and returns the ID token. With a browser: authorization code flow with PKCE and a
// loopback redirect (RFC 7636, RFC 8252). With --device: device authorization grant (RFC 8628). No refresh token is
// requested.
import { closeSync, openSync, writeSync } from 'node:fs';
import { isLoopback, isSecureUrl } from '@sallyport/client/internal/secure-url';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import type { Configuration, TokenEndpointResponse } from 'openid-client';
import { hasInvisibleCharacters } from '../../core/invisible-characters.js';
import type { Terminal } from '../terminal.js';
import { receiveRedirect } from './loopback-redirect.js';
import { openBrowser } from './open-browser.js';

/** Milliseconds that the user has to sign in. */
const SIGN_IN_TIMEOUT_MS = 5 * 60_000;
/** Seconds for each response of the issuer. */
const HTTP_TIMEOUT_SECONDS = 15;

export interface SignInOptions {
  readonly issuer: string;
  /** ID of a public client, which has no secret. */
  readonly clientId: string;
  /** Separated by spaces. Must include `openid`. */
  readonly scope: string;
  /** Use the device authorization grant. */
  readonly device: boolean;
  /** Port of the loopback redirect; 0 selects a free port. */
  readonly redirectPort: number;
}

type Tokens = Pick<TokenEndpointResponse, 'id_token'>;

/** Returns the ID token. Rejects with an Error that says what to do. */
export async function signIn(options: SignInOptions, terminal: Terminal): Promise<string> {
  const timedOut = () => new Error('The sign-in timed out after five minutes. Run the command again.');
  const tokens = await withTimeout(SIGN_IN_TIMEOUT_MS, timedOut, async (signal) => {
    const configuration = await discover(options);
    return options.device
      ? signInWithDeviceCode(configuration, options, signal, terminal)
      : signInWithBrowser(configuration, options, signal, terminal);
  }).catch((error) => {
    throw toUserError(error);
  });
  if (tokens.id_token === undefined)
    throw new Error('The issuer returned no ID token. Add openid to --scope.');
  return tokens.id_token;
}

async function discover({ issuer, clientId }: SignInOptions): Promise<Configuration> {
  if (!isSecureUrl(issuer)) throw new Error('The issuer must be an https URL. Correct --issuer.');
  const { allowInsecureRequests, discovery, None } = await import('openid-client');
  const url = new URL(issuer);
  // isSecureUrl accepts http on loopback only.
  const execute = isLoopback(url.hostname) ? [allowInsecureRequests] : [];
  return discovery(url, clientId, undefined, None(), { execute, timeout: HTTP_TIMEOUT_SECONDS });
}

async function signInWithBrowser(
  configuration: Configuration,
  { scope, redirectPort }: SignInOptions,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<Tokens> {
  const client = await import('openid-client');
  const [state, nonce, verifier] = [
    client.randomState(),
    client.randomNonce(),
    client.randomPKCECodeVerifier(),
  ];
  const challenge = await client.calculatePKCECodeChallenge(verifier);
  const onListening = (redirectUri: string) => {
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    notifyUser(`Sign in with a browser on this machine. If no browser opens, go to:\n${url}`, terminal);
    // If no browser can be opened, the user opens the printed URL.
    openBrowser(url.href, terminal.env).catch(() => {});
  };
  const checks = {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  };
  const onRedirect = (url: URL) => client.authorizationCodeGrant(configuration, url, checks);
  return receiveRedirect({ port: redirectPort, state, signal, onListening, onRedirect });
}

async function signInWithDeviceCode(
  configuration: Configuration,
  { scope }: SignInOptions,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<Tokens> {
  const client = await import('openid-client');
  if (configuration.serverMetadata().device_authorization_endpoint === undefined)
    throw new Error('The issuer does not support device codes. Omit --device.');
  const authorization = await client.initiateDeviceAuthorization(configuration, { scope });
  const { verification_uri, verification_uri_complete, user_code: code } = authorization;
  if (hasInvisibleCharacters(code))
    throw new Error('The issuer returned a device code with invisible characters.');
  const instruction =
    verification_uri_complete === undefined
      ? `Enter the code ${code}.`
      : `The page must show the code ${code}.`;
  const url = new URL(verification_uri_complete ?? verification_uri);
  notifyUser(`Sign in with any browser: ${url}\n${instruction}`, terminal);
  return client.pollDeviceAuthorizationGrant(configuration, authorization, undefined, { signal });
}

/** Prints on stderr. If stderr is not a terminal, as under an SDK that captures it, also on the terminal of the user. */
function notifyUser(text: string, terminal: Terminal): void {
  terminal.printError(text);
  if (terminal.stderr.isTTY) return;
  try {
    const tty = openSync('/dev/tty', 'w');
    writeSync(tty, `${text}\n`);
    closeSync(tty);
  } catch {
    // The process has no terminal.
  }
}

/** RFC 6749 sections 4.1.2.1 and 5.2. */
interface OAuthError extends Error {
  readonly code: string;
  readonly error: string;
  readonly error_description: string;
}

/** Codes of openid-client for an issuer that does not respond, or not as an OpenID provider. */
const NO_PROVIDER = new Set(['OAUTH_TIMEOUT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']);

/** Translates errors of openid-client. Returns other errors unchanged. */
function toUserError(thrown: unknown): unknown {
  const { name, message, code = '', error, error_description } = thrown as Partial<OAuthError>;
  if (error !== undefined && !hasInvisibleCharacters(error)) {
    const hasDescription = error_description !== undefined && !hasInvisibleCharacters(error_description);
    const description = hasDescription ? ` (${error_description})` : '';
    return new Error(
      `The issuer denied the sign-in: ${error}${description}. Try again, or contact its operator.`,
    );
  }
  if (name === 'TypeError' || NO_PROVIDER.has(code))
    return new Error(
      'The issuer does not respond as an OpenID provider. Check --issuer and the network connection.',
    );
  if (name === 'ClientError')
    return new Error(`The response of the issuer is invalid: ${message}. Try again.`);
  return thrown;
}
