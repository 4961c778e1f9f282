// One HTTP request to a broker: JSON in, JSON or an error out.
import type { Proof } from './types.js';

/** Milliseconds. Longer than an STS call with its retries. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** The broker responded with an error. The message is the broker's and says what to do. */
export class BrokerRefusal extends Error {
  override readonly name = 'BrokerRefusal';
  /** HTTP status. */
  readonly status: number;
  /** Error code, such as `role_not_permitted`. Undefined if the response does not come from a broker. */
  readonly code: string | undefined;
  /** Operators find the cause in the log and the audit log under this ID. */
  readonly requestId: string | undefined;
  /** Seconds to wait before a retry, if a retry can succeed. */
  readonly retryAfter: number | undefined;

  constructor(message: string, { status, code, requestId, retryAfter }: Omit<BrokerRefusal, keyof Error>) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** No response, or none within the timeout. */
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
 * Posts JSON and returns the JSON of the response. A JWT is sent as Bearer token, a SAML response in the body. Rejects
 * with a BrokerRefusal, a BrokerUnreachable, or an Error if the response does not come from a broker.
 */
export async function callBroker({
  broker,
  path,
  proof,
  body,
  timeout = DEFAULT_TIMEOUT_MS,
}: BrokerRequest): Promise<unknown> {
  const isJwt = proof.type === 'oidc';
  const response = await fetch(`${broker}${path}`, {
    method: 'POST',
    // A redirect would send the proof to another server.
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
  const json = parseJson(text);
  if (!response.ok) throw toRefusal(response, json);
  if (json === undefined) throw notABroker();
  return json;
}

export const notABroker = (): Error =>
  new Error('The response does not come from a Sallyport broker. Check the URL.');

/** Includes only the system error code: the text of the error can contain parts of the request. */
function unreachable(broker: string, error: unknown): BrokerUnreachable {
  const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
  const reason = typeof code === 'string' ? ` (${code})` : '';
  const advice =
    typeof code === 'string' && /CERT|SIGNATURE/.test(code)
      ? 'Set NODE_EXTRA_CA_CERTS to the certificate of its CA.'
      : 'Check the URL, and that the broker is running.';
  return new BrokerUnreachable(`The broker at ${broker} does not respond${reason}. ${advice}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads a problem document (RFC 9457), or describes any other response by its status. */
function toRefusal({ status, headers }: Response, problem: unknown): BrokerRefusal {
  const { detail, ...fields } = (problem ?? {}) as Readonly<Record<string, unknown>>;
  const code = stringOrUndefined(fields['code']);
  const requestId = stringOrUndefined(fields['requestId']);
  const roles = Array.isArray(fields['Roles']) ? ` Your roles: ${fields['Roles'].join(', ')}.` : '';
  const message =
    typeof detail === 'string' && code !== undefined
      ? `${detail}${roles} (${code}, request ${requestId})`
      : `The broker responded with status ${status} and no error message. Check the URL, and any proxy in front of the broker.`;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return new BrokerRefusal(message, {
    status,
    code,
    requestId,
    retryAfter: Number.isFinite(seconds) ? seconds : undefined,
  });
}

const stringOrUndefined = (value: unknown) => (typeof value === 'string' ? value : undefined);
