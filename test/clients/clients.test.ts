// Real clients fetch credentials from a running broker and use them. Tests what each client sends, what happens when the
// broker is restarted and credentials are about to expire, and what the user sees when a request is denied. The matrix in
// docs/clients.md is the result of this run: `npm run docs:clients` writes it.
import { readFileSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fromRoot } from '../support/paths.js';
import {
  type Client,
  DEPLOY_SESSION_ARN,
  startTestEnvironment,
  type TestEnvironment,
} from './environment.js';
import { containerOnOtherHost, containerTokenFile, type Integration } from './integrations.js';
import { type TestResult, withMatrix } from './matrix.js';
import type { ClientName } from './programs.js';
import { TEST_CASES, type TestCase } from './test-cases.js';

const PAGE = fromRoot('docs/clients.md');

/** With more concurrent programs, they are slower than the timeouts of the SDKs. */
const MAX_CONCURRENT = 6;

async function runConcurrently<T>(items: Iterable<T>, each: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async (): Promise<void> => {
    const item = waiting.shift();
    if (item === undefined) return;
    await each(item);
    await next();
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, next));
}

const nameOf = ({ client, integration }: Pick<TestCase, 'client' | 'integration'>) =>
  `${client}, ${integration.name}`;

let environment: TestEnvironment;
const workingClients = new Map<TestCase, Client & { readonly accessKeyId: string | undefined }>();
const results = new Map<TestCase, TestResult>();

t.test('broker, sidecar, and clients are available', async (opening) => {
  environment = await startTestEnvironment(t, opening);
});

t.test('each client fetches credentials and uses them', async (t) => {
  await runConcurrently(TEST_CASES, async (testCase) => {
    const client = await environment.startClient(testCase, 'deploy');
    if (!client) return;
    const { arn, accessKeyId, error } = await client.program.use();
    const { requests } = client.recorder;
    results.set(testCase, { works: arn === DEPLOY_SESSION_ARN });
    await t.test(nameOf(testCase), async (t) => {
      if (testCase.expectedFailure) {
        t.match(error, testCase.expectedFailure.message, testCase.note);
        const lines = new Set(requests.map(({ method, path }) => `${method} ${path}`));
        t.match([...lines], testCase.expectedFailure.requests);
        t.equal(lines.size, testCase.expectedFailure.requests.length, 'and nothing else is sent');
        t.ok(
          requests.every(({ headers }) => headers.authorization === undefined),
          'without the token',
        );
        return;
      }
      t.strictSame({ arn, error }, { arn: DEPLOY_SESSION_ARN, error: undefined });
      t.equal(requests.length, 1, 'one request');
      for (const one of requests) testCase.integration.checkRequest(t, one, client.context);
      if (arn === DEPLOY_SESSION_ARN) workingClients.set(testCase, { ...client, accessKeyId });
    });
  });
});

t.test('clients show the error for a role that is not permitted', async (t) => {
  await runConcurrently(workingClients.keys(), async (testCase) => {
    const client = await environment.startClient(testCase, 'admin');
    if (!client) return;
    const { arn, error } = await client.program.use();
    t.equal(arn, undefined, nameOf(testCase));
    const read = `${error} ${await client.program.end()}`;
    const shown = /The role does not exist, or you are not permitted to use it/.test(read);
    results.set(testCase, { works: true, refusal: { shown, requests: client.recorder.requests.length } });
  });
});

t.test('the notes in the matrix are correct', async (t) => {
  const lineEnd = join(environment.folder, 'token-and-line-end');
  await writeFile(lineEnd, `${environment.jwt}\n`);
  const withLineEnd = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: lineEnd };
  const bundleAlone = { AWS_CA_BUNDLE: join(environment.folder, 'tls.crt'), PYTHONPATH: '' };
  const noted: readonly [ClientName, Integration, Record<string, string>, RegExp][] = [
    ['JavaScript SDK v3', containerTokenFile, withLineEnd, /Could not load credentials/],
    ['boto3 1.40 or later', containerTokenFile, withLineEnd, /not a legal header value/],
    ['boto3 1.40 or later', containerOnOtherHost, bundleAlone, /certificate verify failed/],
  ];
  await runConcurrently(noted, async ([client, integration, settings, expected]) => {
    const started = await environment.startClient({ client, integration }, 'deploy', settings);
    if (!started) return;
    const { error } = await started.program.use();
    t.match(error, expected, nameOf({ client, integration }));
    const tokens = started.recorder.requests.filter(({ headers }) => headers.authorization !== undefined);
    t.equal(tokens.length, 0, 'the token is not sent');
  });
});

t.test(
  'clients work during a restart of the broker and refresh credentials before they expire',
  async (t) => {
    await environment.restartBroker(async () => {
      await runConcurrently(workingClients, async ([testCase, { program }]) => {
        if (!program.isLongRunning) return;
        const { arn, error } = await program.use();
        t.strictSame(
          { arn, error },
          { arn: DEPLOY_SESSION_ARN, error: undefined },
          `${nameOf(testCase)}: works during the restart`,
        );
      });
    });
    await runConcurrently(
      workingClients,
      async ([testCase, { context, program, recorder, accessKeyId: before }]) => {
        // Simulates that the cache of credential-process has expired too.
        await rm(join(context.home, '.cache'), { recursive: true, force: true });
        const { arn, accessKeyId, error } = await program.useNearExpiry();
        await t.test(nameOf(testCase), async (t) => {
          t.strictSame({ arn, error }, { arn: DEPLOY_SESSION_ARN, error: undefined });
          t.equal(recorder.requests.length, 2, 'one more request');
          if (program.isLongRunning && !testCase.integration.hasExternalCache)
            t.not(accessKeyId, before, 'other credentials');
        });
        await program.end();
      },
    );
  },
);

t.test('the matrix in docs/clients.md is up to date', async (t) => {
  const page = readFileSync(PAGE, 'utf8');
  const expected = withMatrix(
    page,
    TEST_CASES.map((testCase) => ({
      client: testCase.client,
      integration: testCase.integration.name,
      note: testCase.note,
      result: results.get(testCase),
    })),
  );
  if (process.env['SALLYPORT_WRITE_MATRIX'] === '1') writeFileSync(PAGE, expected);
  else t.equal(page, expected, 'up to date; if the new state is right: npm run docs:clients');
});
