// An STS for tests at a fixed time, the AWS SDK pointed at it, and requests that the SDK signs but the test sends.
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type Credentials, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { loadIam } from '@sallyport/sandbox/internal/iam/load';
import type { Iam } from '@sallyport/sandbox/internal/iam/model';
import { type StsServer, startSts } from '@sallyport/sandbox/internal/sts/server';
import type { Test } from 'tap';
import { fromRoot } from '../../../support/paths.js';
import { metadata, NOW } from '../../../support/saml-documents.js';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const keysOf = (credentials: Credentials | undefined): Keys => ({
  accessKeyId: credentials?.AccessKeyId ?? '',
  secretAccessKey: credentials?.SecretAccessKey ?? '',
  sessionToken: credentials?.SessionToken ?? '',
});

export const SALLYPORT: Keys = {
  accessKeyId: 'AKIASANDBOXSALLYPORT',
  secretAccessKey: 'sandboxSecretSandboxSecretSandboxSecret0',
};

/** packages/sandbox/examples/iam.yaml with an issuer that the test runs, or one that is never called. */
export const exampleIam = (issuer = 'http://127.0.0.1:1', broker = 'http://127.0.0.1:2'): Iam =>
  loadIam(readFileSync(fromRoot('packages/sandbox/examples/iam.yaml'), 'utf8'), {
    'oidc.issuer': issuer,
    'oidc.host': issuer.replace('http://', ''),
    'broker.url': broker,
    'broker.host': broker.replace('http://', ''),
    'saml.metadata': metadata(),
  });

interface Clock {
  now: Date;
}

export interface Sandbox {
  readonly sts: StsServer;
  readonly clock: Clock;
  /** A client with these keys; without, for the operations that are not signed. */
  client(keys?: Keys, region?: string): STSClient;
}

/** Starts an STS whose clock is fixed at `clock.now`. Closed with the test. */
export async function startSandbox(t: Test, iam: Iam, now = NOW): Promise<Sandbox> {
  const clock = { now };
  const sts = await startSts({ iam, now: () => clock.now });
  t.teardown(() => sts.close());
  const client = (keys = SALLYPORT, region = 'eu-west-1') => {
    const created = new STSClient({
      endpoint: sts.url,
      region,
      credentials: keys,
      maxAttempts: 1,
      systemClockOffset: clock.now.getTime() - Date.now(),
    });
    t.teardown(() => created.destroy());
    return created;
  };
  return { sts, clock, client };
}

/** Expects a refusal with this wire code, status and message. */
export async function refuses(
  t: Test,
  call: Promise<unknown>,
  code: string,
  message: string | RegExp,
  status = code === 'AccessDenied' ? 403 : 400,
): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof STSServiceException)) {
    t.fail(`expected ${code}: ${message}`, { found: String(error) });
    return;
  }
  const wireCode = (error as { Code?: string }).Code ?? error.name;
  t.match(
    { code: wireCode, status: error.$metadata.httpStatusCode, text: error.message },
    { code, status, text: message },
    `${code}: ${message}`,
  );
}

export interface RawRequest {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}
export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends exactly this and nothing more; a redirect is not followed. */
export function send(url: string, { method = 'GET', path = '/', headers = {}, body }: RawRequest) {
  return new Promise<RawResponse>((resolve, reject) => {
    const outgoing = httpRequest(url, { method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** A form for the Query API with its version. */
export const form = (parameters: Record<string, string>) =>
  new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString();
