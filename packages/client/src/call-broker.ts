// One request to a running broker, as any other caller makes it: JSON in, JSON or the broker's refusal out.
import type { Proof } from './types.js';

/** Milliseconds: longer than STS may take, with its retries. */
const TIMEOUT = 30_000;

/** The broker refused. The message says what to do, in its words. */
export class BrokerRefusal extends Error {
  override readonly name = 'BrokerRefusal';
  readonly status: number;
  /** As in the error table, e.g. `role_not_permitted`; undefined where something else than a broker answered. */
  readonly code: string | undefined;
  /** The operator finds the cause in log and audit log under it. */
  readonly requestId: string | undefined;
  /** Seconds, where trying again later can help. */
  readonly retryAfter: number | undefined;

  constructor(message: string, { status, code, requestId, retryAfter }: Omit<BrokerRefusal, keyof Error>) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** Nothing answered, or not in time. */
export class BrokerUnreachable extends Error {
  override readonly name = 'BrokerUnreachable';
}

export interface BrokerRequest {
  /** Base URL of the broker. */
  readonly broker: string;
  readonly path: string;
  readonly proof: Proof;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds; default 30 s. */
  readonly timeout?: number;
}

/**
 * Posts JSON with the proof where it belongs: a JWT as Bearer token, an assertion in the body. Gives the answer's JSON.
 * Rejects with a BrokerRefusal, a BrokerUnreachable, or an Error if something else than a broker answers.
 */
export async function callBroker({
  broker,
  path,
  proof,
  body,
  timeout = TIMEOUT,
}: BrokerRequest): Promise<unknown> {
  const isJwt = proof.type === 'oidc';
  const response = await fetch(`${broker}${path}`, {
    method: 'POST',
    // A proof goes where it was meant to go.
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      ...(isJwt && { authorization: `Bearer ${proof.value.reveal()}` }),
    },
    body: JSON.stringify({ ...body, ...(!isJwt && { SAMLResponse: proof.value.reveal() }) }),
    signal: AbortSignal.timeout(timeout),
  }).catch((error: unknown) => {
    throw unreachable(broker, error);
  });
  const text = await response.text().catch((error: unknown) => {
    throw unreachable(broker, error);
  });
  const answer = jsonOr(text);
  if (!response.ok) throw refusalOf(response, answer);
  if (answer === undefined) throw new Error('The answer is not one of a Sallyport broker. Check its URL.');
  return answer;
}

/** Only the system's code of the error is told: its text may repeat what was sent. */
function unreachable(broker: string, error: unknown): BrokerUnreachable {
  const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
  const why = typeof code === 'string' ? ` (${code})` : '';
  const advice =
    typeof code === 'string' && /CERT|SIGNATURE/.test(code)
      ? 'Name the certificate of its CA in NODE_EXTRA_CA_CERTS.'
      : 'Check its URL, and that it runs.';
  return new BrokerUnreachable(`The broker at ${broker} does not answer${why}. ${advice}`);
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** From a problem document (RFC 9457), or whatever else came back. */
function refusalOf({ status, headers }: Response, problem: unknown): BrokerRefusal {
  const { detail, code, requestId, Roles } = (problem ?? {}) as Readonly<Record<string, unknown>>;
  const told = { code: textOr(code), requestId: textOr(requestId) };
  const choices = Array.isArray(Roles) ? ` Your roles: ${Roles.join(', ')}.` : '';
  const message =
    typeof detail === 'string' && told.code !== undefined
      ? `${detail}${choices} (${told.code}, request ${told.requestId})`
      : `The broker answered ${status}, without saying why. Check its URL, and what stands before it.`;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new BrokerRefusal(message, {
    status,
    ...told,
    retryAfter: Number.isFinite(seconds) ? seconds : undefined,
  });
}

const textOr = (value: unknown) => (typeof value === 'string' ? value : undefined);
