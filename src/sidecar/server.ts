// The sidecar: the SDKs' container credential endpoint on loopback, for programs that take credentials only there.
// Keepers keep fresh what it serves; the guard says who may ask.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestCredentials } from '@sallyport/client/internal/request-credentials';
import { Secret } from '@sallyport/client/internal/secret';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import type { Log } from '../core/ports.js';
import type { Proof, SessionParameters } from '../core/types.js';
import { createCredentialRefresher } from './credential-refresher.js';
import { checkAuthorizationToken, checkHostAndOrigin } from './request-guard.js';
import { sendCredentials, sendHealth, sendRefusal } from './responses.js';

/** Milliseconds that the broker may take: longer than it gives STS, by default. */
const BROKER_TIMEOUT = 15_000;

/** Milliseconds, and bytes, that a request may take. */
const LIMITS = { headersTimeout: 5000, requestTimeout: 5000, maxHeaderSize: 16 * 1024 };

export interface SidecarOptions {
  /** Base URL of the broker, without a slash at its end. */
  readonly broker: string;
  /** What to keep. Where it is more than one, each names its role. */
  readonly roles: readonly SessionParameters[];
  /** The proof for the broker, brought anew for each request: tokens rotate. */
  bring(): Promise<Proof>;
  /** A loopback address; default any free port of 127.0.0.1. */
  readonly listen?: { readonly host?: string; readonly port?: number };
  readonly log: Log;
  readonly now?: () => Date;
  /** From 0 up to 1, evenly. */
  readonly random?: () => number;
}

export interface Sidecar {
  /** For AWS_CONTAINER_CREDENTIALS_FULL_URI. The role may be left out if one alone is kept. */
  url(role?: string): string;
  /** For AWS_CONTAINER_AUTHORIZATION_TOKEN, or the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names. */
  readonly authorizationToken: Secret;
  /** Resolves when there are credentials for all that is wanted; rejects with why the broker gave none. */
  ready(): Promise<void>;
  /** Ends connections too, and fetches no more. */
  close(): Promise<void>;
}

/** Resolves when it listens, with the credentials still on their way. Rejects if it may not or cannot listen there. */
export async function openSidecar({
  broker,
  roles,
  bring,
  listen: { host = '127.0.0.1', port: wantedPort = 0 } = {},
  log,
  now = () => new Date(),
  random = Math.random,
}: SidecarOptions): Promise<Sidecar> {
  if (!isLoopback(host))
    throw new Error('A sidecar listens on loopback only. Use 127.0.0.1, ::1 or localhost.');
  const server = createServer(LIMITS);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(wantedPort, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const hostAt = (name: string) => new URL(`http://${name.includes(':') ? `[${name}]` : name}:${port}`).host;
  const hosts = [...new Set([host, '127.0.0.1', 'localhost', '::1'].map(hostAt))];
  const token = new Secret(randomBytes(32).toString('base64url'));

  const keep = (parameters: SessionParameters) =>
    createCredentialRefresher({
      fetch: async () =>
        requestCredentials({ broker, proof: await bring(), parameters, timeout: BROKER_TIMEOUT }),
      role: parameters.role,
      log,
      now,
      random,
    });
  const wantedAt = new Map(roles.map((parameters) => [pathOf(parameters.role), parameters]));
  const keepers = new Map([...wantedAt].map(([path, parameters]) => [path, keep(parameters)]));
  const [only, ...others] = keepers.values();
  if (only && others.length === 0) keepers.set(pathOf(), only);

  server.on('request', async (request, response) => {
    const path = decoded(request.url ?? '');
    const stranger = checkHostAndOrigin(request, hosts);
    if (!stranger && path === '/healthz') return sendHealth(response, keepers.values());
    const refusal = stranger ?? checkAuthorizationToken(request, token);
    if (refusal) return sendRefusal(response, refusal);
    const keeper = keepers.get(path);
    if (keeper) await sendCredentials(response, keeper);
    else sendRefusal(response, nothingAt([...keepers.keys()]));
  });

  return {
    url: (role) => `http://${hostAt(host)}${pathOf(role && encodeURIComponent(role))}`,
    authorizationToken: token,
    ready: async () => {
      await Promise.all([...keepers.values()].map((keeper) => keeper.get()));
    },
    close: () =>
      new Promise((resolve) => {
        for (const keeper of keepers.values()) keeper.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const pathOf = (role?: string) => (role === undefined ? '/' : `/role/${role}`);

/** A role may be an ARN, and clients differ in what of a path they encode. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const nothingAt = (paths: readonly string[]) => ({
  status: 404,
  code: 'path_unknown',
  message: `There are no credentials at this path. Use ${paths.join(' or ')}.`,
});
