// The ways in which clients get credentials from a broker: the configuration of the client, and the request that it sends.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { MAIN } from '../support/command.js';
import type { RecordedRequest } from './recorder.js';

/** Reaches this machine, but is not a loopback address: stands for a broker on another host. */
const ELSEWHERE = '0.0.0.0';

export interface ClientContext {
  /** Port of the recorder that the client is sent to. */
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
  /** The server behind the recorder. */
  readonly behind: 'broker' | 'sidecar';
  readonly tls?: true;
  environment(place: ClientContext): Environment | Promise<Environment>;
  /** Arguments for a program that uses the client library. */
  arguments?(place: ClientContext): readonly string[];
  /** Credentials are also cached outside the process of the client. */
  readonly keeps?: true;
  /** Checks the request for credentials. */
  check(t: Test, sent: RecordedRequest, place: ClientContext): void;
}

const brokerPath = (role: string) => `/v1/container-credentials/${role}`;
const sidecarPath = (role: string) => `/role/${role}`;

/** SDKs send the token without a scheme. */
function isForContainer(
  t: Test,
  { method, path, headers }: RecordedRequest,
  wanted: { path: string; token: string },
): void {
  t.equal(`${method} ${path}`, `GET ${wanted.path}`);
  t.ok(headers.authorization === wanted.token, 'the raw token');
}

function isForCredentials(
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
  behind: 'broker',
  environment: ({ port, role, jwt }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}${brokerPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: jwt,
  }),
  check: (t, sent, { role, jwt }) => isForContainer(t, sent, { path: brokerPath(role), token: jwt }),
};

export const containerTokenFile: Integration = {
  ...container,
  name: 'container URL, token file',
  environment: ({ port, role, jwtFile }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}${brokerPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: jwtFile,
  }),
};

export const containerElsewhere: Integration = {
  ...container,
  name: 'container URL elsewhere, https',
  tls: true,
  environment: ({ port, role, jwtFile }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `https://${ELSEWHERE}:${port}${brokerPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: jwtFile,
  }),
};

export const sidecar: Integration = {
  name: 'sidecar',
  behind: 'sidecar',
  keeps: true,
  environment: ({ port, role, sidecarToken }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}${sidecarPath(role)}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: sidecarToken,
  }),
  check: (t, sent, { role, sidecarToken }) =>
    isForContainer(t, sent, { path: sidecarPath(role), token: sidecarToken }),
};

const roleArn = (role: string) => `arn:aws:iam::111122223333:role/${role}`;

export const stsEndpoint: Integration = {
  name: 'STS endpoint',
  behind: 'broker',
  environment: ({ port, role, jwtFile }) => ({
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}`,
    AWS_ROLE_ARN: roleArn(role),
    AWS_WEB_IDENTITY_TOKEN_FILE: jwtFile,
  }),
  check: (t, { method, path, headers, body }, { role, jwt }) => {
    t.equal(`${method} ${path}`, 'POST /');
    t.equal(headers.authorization, undefined, 'not signed');
    const { WebIdentityToken, RoleSessionName, ...others } = Object.fromEntries(new URLSearchParams(body));
    t.ok(WebIdentityToken === jwt, 'the token');
    t.match(RoleSessionName, /^(?:aws-sdk-js|botocore)-session-\d+$/, 'a name that the SDK made up');
    const expected = { Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15', RoleArn: roleArn(role) };
    t.strictSame(others, expected, 'no DurationSeconds: what the role has is what the client gets');
  },
};

export const credentialProcess: Integration = {
  name: 'credential_process',
  behind: 'broker',
  environment: async ({ port, role, jwtFile, home }) => {
    const file = join(home, 'config');
    const command = [process.execPath, MAIN, 'credential-process', '--broker', `http://127.0.0.1:${port}`];
    const line = [...command, '--role', role, '--token-file', jwtFile].join(' ');
    await writeFile(file, `[default]\ncredential_process = ${line}\n`);
    return { AWS_CONFIG_FILE: file };
  },
  check: isForCredentials,
};

export const library: Integration = {
  name: '`@sallyport/client`',
  behind: 'broker',
  environment: () => ({}),
  arguments: ({ port, role, jwtFile }) => [`http://127.0.0.1:${port}`, role, jwtFile],
  check: isForCredentials,
};
