// A broker with its sandbox for one test, closed when the test ends, and the calls that most tests make.
import { PassThrough } from 'node:stream';
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { fetchAssertion } from '@sallyport/sandbox/internal/saml/fetch-assertion';
import type { Test } from 'tap';
import {
  type SandboxedBroker,
  type SandboxedBrokerOptions,
  startSandboxedBroker,
} from '../../src/cli/demo/sandboxed-broker.js';
import { createLog } from '../../src/telemetry/log.js';

type TokenOptions = Partial<Parameters<typeof fetchToken>[1]>;
type AssertionOptions = Partial<Parameters<typeof fetchAssertion>[1]>;

export interface Keys {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
}

/** An environment with these credentials and no others. */
export const environmentOf = ({ AccessKeyId, SecretAccessKey, SessionToken }: Keys) => ({
  PATH: '/usr/bin:/bin',
  AWS_ACCESS_KEY_ID: AccessKeyId,
  AWS_SECRET_ACCESS_KEY: SecretAccessKey,
  AWS_SESSION_TOKEN: SessionToken,
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
});

/** Members of response bodies. A missing member is `undefined`, and the assertion on it fails. */
interface AnswerJson {
  readonly Credentials: Keys & { readonly Expiration: string };
  readonly AssumedRoleUser: { readonly Arn: string; readonly AssumedRoleId: string };
  readonly FederatedUser: { readonly Arn: string; readonly FederatedUserId: string };
  readonly PackedPolicySize: number;
  readonly SourceIdentity: string;
  readonly Sallyport: { readonly RequestId: string; readonly DurationLimitedBy: string };
  readonly Roles: readonly unknown[];
  readonly MaxDurationSeconds: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
}

export interface BrokerResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `{}` if the response is not JSON. */
  readonly json: AnswerJson;
}

export interface TestBroker extends SandboxedBroker {
  /** The log so far. */
  logged(): string;
  /** Resolves when the log matches. */
  untilLogged(pattern: RegExp): Promise<void>;
  token(user?: string, options?: TokenOptions): Promise<string>;
  assertion(user?: string, options?: AssertionOptions): Promise<string>;
  /** POST /v1/credentials with a JSON body. */
  exchange(body: object, jwt?: string): Promise<BrokerResponse>;
  get(path: string, jwt?: string): Promise<BrokerResponse>;
}

export async function readResponse(response: Response): Promise<BrokerResponse> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

export async function startTestBroker(
  t: Test,
  options: Partial<SandboxedBrokerOptions> = {},
): Promise<TestBroker> {
  const lines: Buffer[] = [];
  const destination = new PassThrough();
  destination.on('data', (chunk: Buffer) => lines.push(chunk));
  const broker = await startSandboxedBroker({ log: createLog('debug', destination), ...options });
  t.teardown(() => broker.close());

  const logged = () => Buffer.concat(lines).toString();
  const { oidc, saml, users } = broker.sandbox;
  const passwordOf = (user: string) => users.find(({ name }) => name === user)?.password ?? '';
  const bearer = (jwt?: string): Record<string, string> =>
    jwt === undefined ? {} : { authorization: `Bearer ${jwt}` };
  return {
    ...broker,
    logged,
    untilLogged: (pattern) =>
      new Promise((resolve) => {
        const look = (text: string | Buffer) => {
          if (!pattern.test(String(text))) return;
          destination.off('data', look);
          resolve();
        };
        destination.on('data', look);
        look(logged());
      }),
    token: (user = 'alice', options = {}) =>
      fetchToken(oidc.issuer, { user, password: passwordOf(user), audience: 'sallyport', ...options }),
    assertion: (user = 'alice', options = {}) =>
      fetchAssertion(saml.ssoUrl, { user, password: passwordOf(user), ...options }),
    exchange: async (body, jwt) =>
      readResponse(
        await fetch(`${broker.url}/v1/credentials`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...bearer(jwt) },
          body: JSON.stringify(body),
        }),
      ),
    get: async (path, jwt) => readResponse(await fetch(`${broker.url}${path}`, { headers: bearer(jwt) })),
  };
}
