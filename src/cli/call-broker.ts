// One request to a running broker, as any other caller makes it.
import { isLoopback } from '../core/address.js';
import type { Proof } from '../core/types.js';

/** Milliseconds: longer than STS may take, with its retries. */
const TIMEOUT = 30_000;

/** `--broker`, or SALLYPORT_URL, or the running `dev`. Throws an Error that says what to do if there is none. */
export async function brokerUrl(given: string | undefined): Promise<string> {
  const url = given ?? process.env['SALLYPORT_URL'] ?? (await runningDev());
  if (url === undefined)
    throw new Error('Which broker? Name its URL with --broker, or in SALLYPORT_URL, or start `npm run dev`.');
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    throw new Error(
      "The broker's URL must begin with https://, or with http:// on this machine. Correct it.",
    );
  return url.replace(/\/$/, '');
}

/** The `dev` on this machine; the production image comes without it. */
async function runningDev(): Promise<string | undefined> {
  try {
    const { readDevState } = await import('../sandbox/dev-state.js');
    return (await readDevState())?.broker;
  } catch {
    return undefined;
  }
}

/**
 * Posts JSON with the proof where it belongs. Gives the answer's JSON.
 * Throws an Error that says in the broker's words what to do, if it refuses.
 */
export async function postToBroker(
  broker: string,
  path: string,
  proof: Proof,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const isJwt = proof.type === 'oidc';
  const response = await fetch(`${broker}${path}`, {
    method: 'POST',
    redirect: 'error',
    headers: {
      'content-type': 'application/json',
      ...(isJwt && { authorization: `Bearer ${proof.value.reveal()}` }),
    },
    body: JSON.stringify({ ...body, ...(!isJwt && { SAMLResponse: proof.value.reveal() }) }),
    signal: AbortSignal.timeout(TIMEOUT),
  }).catch(() => {
    throw new Error(`The broker at ${broker} does not answer. Check its URL, and that it runs.`);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  throw new Error(refusalText(answer) ?? `The broker answered ${response.status}, without saying why.`);
}

/** From a problem document. */
function refusalText(problem: unknown): string | undefined {
  if (typeof problem !== 'object' || problem === null) return undefined;
  const { detail, code, requestId, Roles } = problem as Readonly<Record<string, unknown>>;
  if (typeof detail !== 'string') return undefined;
  const choices = Array.isArray(Roles) ? ` Your roles: ${Roles.join(', ')}.` : '';
  return `${detail}${choices} (${code}, request ${requestId})`;
}
