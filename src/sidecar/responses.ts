// What a sidecar sends, in the words of the SDKs' container credential provider.
import type { ServerResponse } from 'node:http';
import { BrokerRefusal, BrokerUnreachable } from '@sallyport/client/internal/call-broker';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { CLIENT_TIMEOUT_MS, containerCredentials, containerError } from '../core/credentials-json.js';
import type { CredentialRefresher } from './credential-refresher.js';
import type { SidecarError } from './request-guard.js';

class Pending extends Error {}

/** The credentials, or why there are none in time. */
export async function sendCredentials(response: ServerResponse, keeper: CredentialRefresher): Promise<void> {
  try {
    const { credentials, accountId } = await withTimeout(
      CLIENT_TIMEOUT_MS,
      () => new Pending(),
      () => keeper.get(),
    );
    send(response, 200, containerCredentials(credentials, { accountId }));
  } catch (error) {
    sendRefusal(response, refusalOf(error));
  }
}

export const sendRefusal = (response: ServerResponse, { status, code, message }: SidecarError): void =>
  send(response, status, containerError(code, message));

/** 503 until every role has credentials that last. Names none of them: a probe brings no token. */
export function sendHealth(response: ServerResponse, keepers: Iterable<CredentialRefresher>): void {
  const ready = [...keepers].every((keeper) => keeper.isReady());
  send(response, ready ? 200 : 503, { status: ready ? 'ok' : 'no credentials' });
}

function refusalOf(error: unknown): SidecarError {
  if (error instanceof Pending)
    return {
      status: 503,
      code: 'credentials_pending',
      message: 'The broker has not answered yet. Try again shortly.',
    };
  if (error instanceof BrokerRefusal)
    return { status: error.status, code: error.code ?? 'broker_refused', message: error.message };
  if (error instanceof BrokerUnreachable)
    return { status: 503, code: 'broker_unreachable', message: error.message };
  return {
    status: 500,
    code: 'credentials_unavailable',
    message: error instanceof Error ? error.message : 'Something went wrong in the sidecar.',
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
