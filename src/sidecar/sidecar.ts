// The sidecar: a container credentials endpoint on loopback, for programs that accept credentials only there. Start
// reading at `#handle`: request-checks.ts decides who gets credentials, credential-refresher.ts keeps them fresh, and
// responses.ts sends them.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestCredentials } from '@sallyport/client/internal/request-credentials';
import { Secret } from '@sallyport/client/internal/secret';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import type { Log } from '../core/ports.js';
import type { Proof, SessionParameters } from '../core/types.js';
import { CredentialRefresher } from './credential-refresher.js';
import { checkAuthorizationToken, checkHostAndOrigin } from './request-checks.js';
import { sendCredentials, sendError, sendHealth } from './responses.js';

/** Milliseconds for a request to the broker. Longer than the broker waits for STS by default. */
const BROKER_TIMEOUT_MS = 15_000;

/** Limits of requests to the sidecar, in milliseconds and bytes. */
const SERVER_LIMITS = { headersTimeout: 5000, requestTimeout: 5000, maxHeaderSize: 16 * 1024 };

export interface SidecarOptions {
  /** Base URL of the broker, without a trailing slash. */
  readonly broker: string;
  /** Credentials to serve. If there are several, each names its role. */
  readonly roles: readonly SessionParameters[];
  /** Reads the proof. Called for each request to the broker, because tokens are rotated. */
  getProof(): Promise<Proof>;
  /** A loopback address. Default: a free port on 127.0.0.1. */
  readonly listen?: { readonly host?: string; readonly port?: number };
  readonly log: Log;
  readonly now?: () => Date;
  /** Uniform from 0 to 1. */
  readonly random?: () => number;
}

export class Sidecar {
  /** For AWS_CONTAINER_AUTHORIZATION_TOKEN, or the file in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE. */
  readonly authorizationToken = new Secret(randomBytes(32).toString('base64url'));
  readonly #server: Server;
  readonly #host: string;
  /** Accepted values of the Host header. */
  readonly #hosts: readonly string[];
  /** By path. */
  readonly #refreshers: ReadonlyMap<string, CredentialRefresher>;

  private constructor(server: Server, host: string, options: SidecarOptions) {
    const { port } = server.address() as AddressInfo;
    this.#server = server;
    this.#host = hostWithPort(host, port);
    this.#hosts = [
      ...new Set([host, '127.0.0.1', 'localhost', '::1'].map((name) => hostWithPort(name, port))),
    ];
    this.#refreshers = createRefreshers(options);
    server.on('request', (request, response) => void this.#handle(request, response));
  }

  /** Resolves when it listens. The first fetch may still be pending. Rejects if it cannot listen. */
  static async start(options: SidecarOptions): Promise<Sidecar> {
    const { host = '127.0.0.1', port = 0 } = options.listen ?? {};
    if (!isLoopback(host))
      throw new Error('A sidecar listens only on loopback. Use 127.0.0.1, ::1, or localhost.');
    const server = createServer(SERVER_LIMITS);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
    return new Sidecar(server, host, options);
  }

  /** For AWS_CONTAINER_CREDENTIALS_FULL_URI. The role is optional if only one is served. */
  url(role?: string): string {
    return `http://${this.#host}${pathOf(role && encodeURIComponent(role))}`;
  }

  /** Resolves when every role has credentials. Rejects with the error of the broker. */
  async ready(): Promise<void> {
    await Promise.all([...this.#refreshers.values()].map((refresher) => refresher.get()));
  }

  /** Closes connections and stops fetching. */
  async close(): Promise<void> {
    for (const refresher of this.#refreshers.values()) refresher.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodePath(request.url ?? '');
    const rejection = checkHostAndOrigin(request, this.#hosts);
    if (!rejection && path === '/healthz') return sendHealth(response, this.#refreshers.values());
    const error = rejection ?? checkAuthorizationToken(request, this.authorizationToken);
    if (error) return sendError(response, error);
    const refresher = this.#refreshers.get(path);
    if (refresher) await sendCredentials(response, refresher);
    else sendError(response, unknownPath([...this.#refreshers.keys()]));
  }
}

/** One refresher for each path. A single role is also served at `/`. */
function createRefreshers({
  broker,
  roles,
  getProof,
  log,
  now = () => new Date(),
  random = Math.random,
}: SidecarOptions): ReadonlyMap<string, CredentialRefresher> {
  const parametersByPath = new Map(roles.map((parameters) => [pathOf(parameters.role), parameters]));
  const refreshers = new Map(
    [...parametersByPath].map(([path, parameters]) => [
      path,
      new CredentialRefresher({
        fetch: async () =>
          requestCredentials({ broker, proof: await getProof(), parameters, timeout: BROKER_TIMEOUT_MS }),
        role: parameters.role,
        log,
        now,
        random,
      }),
    ]),
  );
  const [only, ...others] = refreshers.values();
  if (only && others.length === 0) refreshers.set(pathOf(), only);
  return refreshers;
}

const hostWithPort = (name: string, port: number): string =>
  new URL(`http://${name.includes(':') ? `[${name}]` : name}:${port}`).host;

const pathOf = (role?: string) => (role === undefined ? '/' : `/role/${role}`);

/** A role can be an ARN, and clients percent-encode different parts of a path. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const unknownPath = (paths: readonly string[]) => ({
  status: 404,
  code: 'path_unknown',
  message: `Unknown path. Use ${paths.join(' or ')}.`,
});
