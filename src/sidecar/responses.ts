// Responses of a sidecar, in the format of the container credential provider of the AWS SDKs.
import type { ServerResponse } from 'node:http';
import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { CLIENT_TIMEOUT_MS, containerCredentials, containerError } from '../core/credentials-json.js';
import type { CredentialRefresher } from './credential-refresher.js';
import type { SidecarError } from './request-checks.js';

class PendingError extends Error {}

/** Sends the credentials, or an error if there are none before the client times out. */
export async function sendCredentials(
  response: ServerResponse,
  refresher: CredentialRefresher,
): Promise<void> {
  try {
    const { credentials, accountId } = await withTimeout(
      CLIENT_TIMEOUT_MS,
      () => new PendingError(),
      () => refresher.get(),
    );
    sendJson(response, 200, containerCredentials(credentials, { accountId }));
  } catch (error) {
    sendError(response, toSidecarError(error));
  }
}

export const sendError = (response: ServerResponse, { status, code, message }: SidecarError): void =>
  sendJson(response, status, containerError(code, message));

/** Sends 503 until every role has credentials. Does not name the roles, because probes send no token. */
export function sendHealth(response: ServerResponse, refreshers: Iterable<CredentialRefresher>): void {
  const ready = [...refreshers].every((refresher) => refresher.isReady());
  sendJson(response, ready ? 200 : 503, { status: ready ? 'ok' : 'no credentials' });
}

function toSidecarError(error: unknown): SidecarError {
  if (error instanceof PendingError)
    return {
      status: 503,
      code: 'credentials_pending',
      message: 'The broker has not responded yet. Try again shortly.',
    };
  if (error instanceof BrokerRefusal)
    return { status: error.status, code: error.code ?? 'broker_refused', message: error.message };
  if (error instanceof BrokerUnreachable)
    return { status: 503, code: 'broker_unreachable', message: error.message };
  return {
    status: 500,
    code: 'credentials_unavailable',
    message: error instanceof Error ? error.message : 'An unknown error occurred in the sidecar.',
  };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
