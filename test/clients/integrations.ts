// How clients get credentials from a broker: the configuration of the client, and the request that it sends.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { MAIN } from '../support/command.js';
import type { RecordedRequest } from './recorder.js';

/** An address of this machine that is not loopback. It simulates a broker on another host. */
const NON_LOOPBACK_HOST = '0.0.0.0';

export interface ClientContext {
  /** Port of the recorder that the client connects to. */
  readonly port: number;
  /** Name of the role. */
  readonly role: string;
  readonly jwt: string;
  readonly jwtFile: string;
  /** Authorization token of the sidecar. */
  readonly sidecarToken: string;
  /** Home folder of this client. */
  readonly home: string;
}

type Environment = Readonly<Record<string, string>>;

export interface Integration {
  readonly name: string;
  /** The server that the recorder forwards to. */
  readonly target: 'broker' | 'sidecar';
  readonly tls?: true;
  environment(context: ClientContext): Environment | Promise<Environment>;
  /** Arguments for a program that uses the client library. */
  arguments?(context: ClientContext): readonly string[];
  /** Credentials are also cached outside the process of the client. */
  readonly hasExternalCache?: true;
  /** Checks the request for credentials. */
  checkRequest(t: Test, sent: RecordedRequest, context: ClientContext): void;
}

const brokerPath = (role: string) => `/v1/container-credentials/${role}`;
const sidecarPath = (role: string) => `/role/${role}`;

/** SDKs send the token without a scheme. */
function checkContainerRequest(
  t: Test,
  { method, path, headers }: RecordedRequest,
  expected: { path: string; token: string },
): void {
  t.equal(`${method} ${path}`, `GET ${expected.path}`);
  t.ok(headers.authorization === expected.token, 'the raw token');
}

function checkCredentialsRequest(
  t: Test,
  { method, path, headers, body }: RecordedRequest,
  { role, jwt }: ClientContext,
): void {
  t.equal(`${method} ${path}`, 'POST /v1/credentials');
  t.ok(headers.authorization === `Bearer ${jwt}`, 'the token as Bearer');
  t.match(JSON.parse(body), { Role: role });
}

export const container: Integration = {
  name: 'container URL on loopback',
  target: 'broker',
  environment: ({ port, role, jwt }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}${brokerPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: jwt,
  }),
  checkRequest: (t, sent, { role, jwt }) =>
    checkContainerRequest(t, sent, { path: brokerPath(role), token: jwt }),
};

export const containerTokenFile: Integration = {
  ...container,
  name: 'container URL, token file',
  environment: ({ port, role, jwtFile }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}${brokerPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: jwtFile,
  }),
};

export const containerOnOtherHost: Integration = {
  ...container,
  name: 'container URL on another host, https',
  tls: true,
  environment: ({ port, role, jwtFile }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `https://${NON_LOOPBACK_HOST}:${port}${brokerPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: jwtFile,
  }),
};

export const sidecar: Integration = {
  name: 'sidecar',
  target: 'sidecar',
  hasExternalCache: true,
  environment: ({ port, role, sidecarToken }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}${sidecarPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: sidecarToken,
  }),
  checkRequest: (t, sent, { role, sidecarToken }) =>
    checkContainerRequest(t, sent, { path: sidecarPath(role), token: sidecarToken }),
};

const roleArn = (role: string) => `arn:aws:iam::111122223333:role/${role}`;

export const stsEndpoint: Integration = {
  name: 'STS endpoint',
  target: 'broker',
  environment: ({ port, role, jwtFile }) => ({
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}`,
    AWS_ROLE_ARN: roleArn(role),
    AWS_WEB_IDENTITY_TOKEN_FILE: jwtFile,
  }),
  checkRequest: (t, { method, path, headers, body }, { role, jwt }) => {
    t.equal(`${method} ${path}`, 'POST /');
    t.equal(headers.authorization, undefined, 'not signed');
    const { WebIdentityToken, RoleSessionName, ...others } = Object.fromEntries(new URLSearchParams(body));
    t.ok(WebIdentityToken === jwt, 'the token');
    t.match(RoleSessionName, /^(?:aws-sdk-js|botocore)-session-\d+$/, 'a generated session name');
    const expected = { Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: roleArn(role) };
    t.strictSame(others, expected, 'no DurationSeconds: the duration of the role applies');
  },
};

export const credentialProcess: Integration = {
  name: 'credential_process',
  target: 'broker',
  environment: async ({ port, role, jwtFile, home }) => {
    const file = join(home, 'config');
    const command = [process.execPath, MAIN, 'credential-process', '--broker', `http://127.0.0.1:${port}`];
    const line = [...command, '--role', role, '--token-file', jwtFile].join(' ');
    await writeFile(file, `[default]\ncredential_process = ${line}\n`);
    return { AWS_CONFIG_FILE: file };
  },
  checkRequest: checkCredentialsRequest,
};

export const clientLibrary: Integration = {
  name: '`@sallyport/client`',
  target: 'broker',
  environment: () => ({}),
  arguments: ({ port, role, jwtFile }) => [`http://127.0.0.1:${port}`, role, jwtFile],
  checkRequest: checkCredentialsRequest,
};
