// The environment of the clients: a broker that can be restarted, its sidecar, and the STS of the sandbox, at which the
// credentials are used.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestCredentials } from '@sallyport/client/internal/request-credentials';
import { Secret } from '@sallyport/client/internal/secret';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { startSandbox } from '@sallyport/sandbox/internal/sandbox';
import type { Test } from 'tap';
import { start } from '../support/command.js';
import { requirePeer } from '../support/peers.js';
import type { ClientContext } from './integrations.js';
import { CLIENTS, type Program, type StartProgram } from './programs.js';
import { type Recorder, startRecorder } from './recorder.js';
import type { TestCase } from './test-cases.js';

/** The identity of the credentials for the role `deploy`. */
export const DEPLOY_SESSION_ARN = 'arn:aws:sts::111122223333:assumed-role/deploy/broker-alice';

export interface Client {
  readonly context: ClientContext;
  readonly recorder: Recorder;
  readonly program: Program;
}

export interface TestEnvironment {
  /** Contains `tls.crt`, the self-signed certificate of a broker on another host. */
  readonly folder: string;
  readonly jwt: string;
  restartBroker(meanwhile: () => Promise<void>): Promise<void>;
  /**
   * Starts a client that is configured only by the integration, with its own recorder. It is permitted the role
   * `deploy` and not `admin`. Returns undefined if the client is missing.
   */
  startClient(
    testCase: Pick<TestCase, 'client' | 'integration'>,
    role: string,
    more?: Readonly<Record<string, string>>,
  ): Promise<Client | undefined>;
}

const configOf = (url: string, sts: string, issuer: string) => `
server: { url: "${url}", listen: { host: 127.0.0.1, port: ${new URL(url).port} } }
aws: { region: eu-west-1, endpoint: "${sts}" }
issuers: { corp: { type: oidc, issuer: "${issuer}", audience: sallyport } }
roles:
  deploy:
    via: AssumeRoleWithWebIdentity
    roleArn: arn:aws:iam::111122223333:role/deploy
    session: { name: "broker-\${claims.sub}", duration: 1h }
  admin: { via: AssumeRoleWithWebIdentity, roleArn: "arn:aws:iam::111122223333:role/admin" }
grants: [{ id: everyone, issuer: corp, match: {}, roles: [deploy] }]
`;

/** Everything is closed at the end of `t`. Missing clients are skipped in `opening`. */
export async function startTestEnvironment(t: Test, opening: Test): Promise<TestEnvironment> {
  const folder = t.testdir();
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const sandbox = await startSandbox();
  t.teardown(() => sandbox.close());
  const { issuer } = sandbox.oidc;
  const jwt = await fetchToken(issuer, { user: 'alice', password: 'sandbox-alice', audience: 'sallyport' });
  const jwtFile = file('token', jwt);

  const brokerUrl = `http://127.0.0.1:${await freePort()}`;
  const config = file('sallyport.yaml', configOf(brokerUrl, sandbox.sts.url, issuer));
  const proof = { type: 'oidc', value: new Secret(jwt) } as const;
  /** Fills the cache, so that clients do not time out. */
  const startBroker = async () => {
    const running = start(t, ['serve', '--config', config]);
    await running.line('stderr', /"listening"/);
    await requestCredentials({ broker: brokerUrl, proof, parameters: { role: 'deploy' } });
    return running;
  };
  let broker = await startBroker();

  const tokenFile = join(folder, 'sidecar-token');
  const sidecar = start(t, [
    ...['sidecar', '--broker', brokerUrl, '--role', 'deploy', '--role', 'admin'],
    ...['--token-file', jwtFile, '--authorization-token-file', tokenFile],
  ]);
  const [, sidecarUrl = ''] = /'(http:.+)\/role\//.exec(await sidecar.line('stdout', /\/role\/deploy/)) ?? [];
  const sidecarToken = readFileSync(tokenFile, 'utf8');
  const targets = { broker: brokerUrl, sidecar: sidecarUrl };

  const openssl = requirePeer(opening, 'OpenSSL');
  const certificate = openssl === undefined ? undefined : makeCertificate(openssl, folder);
  const clients = await findClients(opening, { sts: sandbox.sts.url, folder });

  return {
    folder,
    jwt,
    restartBroker: async (meanwhile) => {
      broker.child.kill('SIGTERM');
      await broker.finished;
      await meanwhile();
      broker = await startBroker();
    },
    startClient: async ({ client, integration }, role, more = {}) => {
      const startProgram = clients.get(client);
      if (!startProgram || (integration.tls && !certificate)) return undefined;
      const recorder = await startRecorder(t, targets[integration.target], integration.tls && certificate);
      const home = mkdtempSync(join(folder, 'home-'));
      const { port } = recorder;
      const context = { port, role, jwt, jwtFile, sidecarToken, home };
      const env = {
        ...baseEnvironment(context, folder),
        ...(await integration.environment(context)),
        ...more,
      };
      return { context, recorder, program: startProgram(t, env, integration.arguments?.(context)) };
    },
  };
}

/** Contains no credentials. Requests to AWS go to the recorder, as proxy. */
const baseEnvironment = ({ home, port }: ClientContext, folder: string) => ({
  PATH: '/usr/bin:/bin',
  HOME: home,
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_MAX_ATTEMPTS: '1',
  HTTPS_PROXY: `http://127.0.0.1:${port}`,
  NO_PROXY: '127.0.0.1,0.0.0.0',
  NODE_EXTRA_CA_CERTS: join(folder, 'tls.crt'),
  PYTHONPATH: folder,
});

async function findClients(t: Test, at: { readonly sts: string; readonly folder: string }) {
  const found = new Map<string, StartProgram>();
  for (const [name, find] of Object.entries(CLIENTS)) {
    const start = await find(t, at);
    if (start) found.set(name, start);
  }
  return found;
}

/** The certificate of a broker on another host, and a `certifi` module with which Python trusts it as a public CA. */
function makeCertificate(openssl: string, folder: string) {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=sallyport', '-addext', 'subjectAltName=IP:0.0.0.0'];
  execFileSync(openssl, ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  writeFileSync(join(folder, 'certifi.py'), `def where():\n    return ${JSON.stringify(cert)}\n`);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
