// The OIDC token of the GitHub Actions job that this runs in. GitHub signs it on request, for one audience.
import { isProtectedUrl } from './loopback.js';

/** Milliseconds. */
const TIMEOUT = 10_000;

/** What the runner puts into the job's environment where the job has `permissions: { id-token: write }`. */
export interface RunnerEnvironment {
  readonly ACTIONS_ID_TOKEN_REQUEST_URL?: string | undefined;
  readonly ACTIONS_ID_TOKEN_REQUEST_TOKEN?: string | undefined;
}

/** A JWT for the audience. Rejects with an Error that says what to do. */
export async function githubActionsToken(
  audience: string,
  environment: RunnerEnvironment = process.env,
): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: endpoint, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
  if (!endpoint || !token || !isProtectedUrl(endpoint))
    throw new Error(
      'GitHub offers no OIDC token here. Run this in a GitHub Actions job with `permissions: { id-token: write }`.',
    );
  const url = new URL(endpoint);
  url.searchParams.set('audience', audience);
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
  }).catch(() => undefined);
  const answer: unknown = await response?.json().catch(() => undefined);
  const { value } = (answer ?? {}) as { readonly value?: unknown };
  if (response?.ok && typeof value === 'string') return value;
  const outcome = response ? `answered ${response.status}` : 'does not answer';
  throw new Error(`GitHub's OIDC endpoint ${outcome}. Run the job again.`);
}
