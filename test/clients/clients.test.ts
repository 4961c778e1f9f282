// Real clients fetch credentials from a running broker and use them. Tests what each client sends, what happens when the
// broker is restarted and credentials are about to expire, and what the user sees when a request is denied. The matrix in
// docs/clients.md is the result of this run: `npm run docs:clients` writes it.
import { readFileSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fromRoot } from '../support/paths.js';
import { CELLS, type Cell } from './cells.js';
import { type Seen, withMatrix } from './matrix.js';
import type { ClientName } from './programs.js';
import { containerElsewhere, containerTokenFile, type Integration } from './shapes.js';
import { ARN, type Client, openStage, type TestStage } from './stage.js';

const PAGE = fromRoot('docs/clients.md');

/** With more concurrent programs, they are slower than the timeouts of the SDKs. */
const AT_ONCE = 6;

async function someAtOnce<T>(items: Iterable<T>, each: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async (): Promise<void> => {
    const item = waiting.shift();
    if (item === undefined) return;
    await each(item);
    await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

const nameOf = ({ client, shape }: Pick<Cell, 'client' | 'shape'>) => `${client}, ${shape.name}`;

let stage: TestStage;
const working = new Map<Cell, Client & { readonly accessKeyId: string | undefined }>();
const seen = new Map<Cell, Seen>();

t.test('broker, sidecar, and clients are available', async (opening) => {
  stage = await openStage(t, opening);
});

t.test('each client fetches credentials and uses them', async (t) => {
  await someAtOnce(CELLS, async (cell) => {
    const client = await stage.enter(cell, 'deploy');
    if (!client) return;
    const { arn, accessKeyId, error } = await client.program.use();
    const { sent } = client.recorder;
    seen.set(cell, { works: arn === ARN });
    await t.test(nameOf(cell), async (t) => {
      if (cell.fails) {
        t.match(error, cell.fails.reads, cell.note);
        const lines = new Set(sent.map(({ method, path }) => `${method} ${path}`));
        t.match([...lines], cell.fails.sends);
        t.equal(lines.size, cell.fails.sends.length, 'and nothing else is sent');
        t.ok(
          sent.every(({ headers }) => headers.authorization === undefined),
          'without the token',
        );
        return;
      }
      t.strictSame({ arn, error }, { arn: ARN, error: undefined });
      t.equal(sent.length, 1, 'one request');
      for (const one of sent) cell.shape.check(t, one, client.place);
      if (arn === ARN) working.set(cell, { ...client, accessKeyId });
    });
  });
});

t.test('clients show the error for a role that is not permitted', async (t) => {
  await someAtOnce(working.keys(), async (cell) => {
    const client = await stage.enter(cell, 'admin');
    if (!client) return;
    const { arn, error } = await client.program.use();
    t.equal(arn, undefined, nameOf(cell));
    const read = `${error} ${await client.program.end()}`;
    const shown = /The role does not exist, or you are not permitted to use it/.test(read);
    seen.set(cell, { works: true, refusal: { shown, requests: client.recorder.sent.length } });
  });
});

t.test('the notes in the matrix are correct', async (t) => {
  const lineEnd = join(stage.folder, 'token-and-line-end');
  await writeFile(lineEnd, `${stage.jwt}\n`);
  const withLineEnd = { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: lineEnd };
  const bundleAlone = { AWS_CA_BUNDLE: join(stage.folder, 'tls.crt'), PYTHONPATH: '' };
  const noted: readonly [ClientName, Integration, Record<string, string>, RegExp][] = [
    ['JavaScript SDK v3', containerTokenFile, withLineEnd, /Could not load credentials/],
    ['boto3 1.40 or later', containerTokenFile, withLineEnd, /not a legal header value/],
    ['boto3 1.40 or later', containerElsewhere, bundleAlone, /certificate verify failed/],
  ];
  await someAtOnce(noted, async ([client, shape, settings, expected]) => {
    const entered = await stage.enter({ client, shape }, 'deploy', settings);
    if (!entered) return;
    const { error } = await entered.program.use();
    t.match(error, expected, nameOf({ client, shape }));
    const tokens = entered.recorder.sent.filter(({ headers }) => headers.authorization !== undefined);
    t.equal(tokens.length, 0, 'the token is not sent');
  });
});

t.test(
  'clients work during a restart of the broker and refresh credentials before they expire',
  async (t) => {
    await stage.restartBroker(async () => {
      await someAtOnce(working, async ([cell, { program }]) => {
        if (!program.keeps) return;
        const { arn, error } = await program.use();
        t.strictSame(
          { arn, error },
          { arn: ARN, error: undefined },
          `${nameOf(cell)}: works during the restart`,
        );
      });
    });
    await someAtOnce(working, async ([cell, { place, program, recorder, accessKeyId: before }]) => {
      // Simulates that the cache of credential-process has expired too.
      await rm(join(place.home, '.cache'), { recursive: true, force: true });
      const { arn, accessKeyId, error } = await program.useAged();
      await t.test(nameOf(cell), async (t) => {
        t.strictSame({ arn, error }, { arn: ARN, error: undefined });
        t.equal(recorder.sent.length, 2, 'one more request');
        if (program.keeps && !cell.shape.keeps) t.not(accessKeyId, before, 'other credentials');
      });
      await program.end();
    });
  },
);

t.test('the matrix in docs/clients.md is up to date', async (t) => {
  const page = readFileSync(PAGE, 'utf8');
  const expected = withMatrix(
    page,
    CELLS.map((cell) => ({
      client: cell.client,
      shape: cell.shape.name,
      note: cell.note,
      seen: seen.get(cell),
    })),
  );
  if (process.env['SALLYPORT_WRITE_MATRIX'] === '1') writeFileSync(PAGE, expected);
  else t.equal(page, expected, 'up to date; if the new state is right: npm run docs:clients');
});
