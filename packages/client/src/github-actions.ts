// The OIDC token of the current GitHub Actions job. GitHub issues it on request, for one audience.
import { isSecureUrl } from './secure-url.js';

/** Milliseconds. */
const TIMEOUT_MS = 10_000;

/** Set by the runner if the job has `permissions: { id-token: write }`. */
export interface RunnerEnvironment {
  readonly ACTIONS_ID_TOKEN_REQUEST_URL?: string | undefined;
  readonly ACTIONS_ID_TOKEN_REQUEST_TOKEN?: string | undefined;
}

/** Requests a JWT for the audience. Rejects with an Error that says what to do. */
export async function githubActionsToken(
  audience: string,
  environment: RunnerEnvironment = process.env,
): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: endpoint, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
  if (!endpoint || !token || !isSecureUrl(endpoint))
    throw new Error(
      'No GitHub OIDC token is available. Run this in a GitHub Actions job with `permissions: { id-token: write }`.',
    );
  const url = new URL(endpoint);
  url.searchParams.set('audience', audience);
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  const json: unknown = await response?.json().catch(() => undefined);
  const { value } = (json ?? {}) as { readonly value?: unknown };
  if (response?.ok && typeof value === 'string') return value;
  const outcome = response ? `responded with status ${response.status}` : 'does not respond';
  throw new Error(`The OIDC endpoint of GitHub ${outcome}. Run the job again.`);
}
