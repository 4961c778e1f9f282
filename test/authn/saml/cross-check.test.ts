// Cross-check with saml2-js: if it refuses, disagrees, crashes, stalls or never starts, the proof is refused and the next
// one is read.
import t, { type Test } from 'tap';
import {
  CrossCheck,
  type CrossCheckOptions,
  requireAgreement,
} from '../../../src/authn/saml/cross-check/cross-check.js';
import { SallyportError } from '../../../src/core/errors.js';
import { AWS_AUDIENCE, fixture, signedResponse } from '../../support/saml-documents.js';
import { silent } from '../../support/saml-verifier.js';

const READING = {
  xml: signedResponse(),
  certificate: fixture('idp.crt'),
  checkSignature: true,
  audience: AWS_AUDIENCE,
};

/** A worker that is ready immediately and then runs `body` with `message` and `port` in reach. */
const workerOf = (body: string, ready = 'port.postMessage("ready");') =>
  new URL(
    `data:text/javascript,${encodeURIComponent(
      `import { parentPort as port } from 'node:worker_threads'; port.on('message', (message) => { ${body} }); ${ready}`,
    )}`,
  );

function crossCheckWith(t: Test, options: Partial<CrossCheckOptions>) {
  const crossCheck = new CrossCheck({ log: silent, ...options });
  t.teardown(() => crossCheck.close());
  return crossCheck;
}

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'read';
  } catch (error) {
    if (error instanceof SallyportError) return `${error.code} ${error.reason}`;
    throw error;
  }
}

t.test('readSubject returns what saml2-js read and refuses what saml2-js refuses', async (t) => {
  const crossCheck = crossCheckWith(t, {});
  t.match(await crossCheck.readSubject(READING), {
    nameId: 'alice',
    attributes: { groups: ['analysts', 'finance & friends'] },
  });
  const refused = async (change: object) => reasonOf(crossCheck.readSubject({ ...READING, ...change }));
  t.equal(await refused({ certificate: fixture('stranger.crt') }), 'proof_invalid saml.reader.refused');
  t.equal(
    await refused({ xml: READING.xml.replace('>alice<', '>admin<') }),
    'proof_invalid saml.reader.refused',
  );
  t.equal(await refused({ audience: 'urn:other' }), 'proof_invalid saml.reader.refused');
  t.equal(await refused({ xml: 'hello' }), 'proof_invalid saml.reader.refused');
  t.equal(await refused({}), 'read', 'and is there again');
});

t.test('a worker crash, exit, stall or full heap costs one Response (saml.reader.failed)', async (t) => {
  const body = (deed: string) =>
    workerOf(
      `if (message.audience === 'bad') { ${deed} } else port.postMessage({ id: message.id, subject: { nameId: 'a', attributes: {} } });`,
    );
  const deeds = {
    crash: 'throw new Error("x");',
    end: 'process.exit(0);',
    stall: 'for (;;);',
    'heap overflow': 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));',
  };
  for (const [name, deed] of Object.entries(deeds)) {
    const crossCheck = crossCheckWith(t, {
      workerUrl: body(deed),
      timeoutMs: name === 'heap overflow' ? 10_000 : 300,
    });
    const outcomes = await Promise.all([
      reasonOf(crossCheck.readSubject(READING)),
      reasonOf(crossCheck.readSubject({ ...READING, audience: 'bad' })),
      reasonOf(crossCheck.readSubject(READING)),
    ]);
    t.same(outcomes, ['read', 'proof_invalid saml.reader.failed', 'read'], name);
  }
});

t.test('a worker that never starts fails the queue and is started again for the next Response', async (t) => {
  for (const [name, ready] of [
    ['crashes', 'throw new Error("x");'],
    ['hangs', ''],
  ] as const) {
    const crossCheck = crossCheckWith(t, { workerUrl: workerOf('', ready), startTimeoutMs: 300 });
    const outcomes = await Promise.all([
      reasonOf(crossCheck.readSubject(READING)),
      reasonOf(crossCheck.readSubject(READING)),
    ]);
    t.same(new Set(outcomes), new Set(['overloaded saml.reader.unavailable']), name);
    t.equal(await reasonOf(crossCheck.readSubject(READING)), 'overloaded saml.reader.unavailable', name);
  }
});

t.test('the queue is bounded, and close rejects it', async (t) => {
  const crossCheck = crossCheckWith(t, { workerUrl: workerOf(''), maxQueued: 2, timeoutMs: 60_000 });
  const waiting = [crossCheck.readSubject(READING), crossCheck.readSubject(READING)].map(reasonOf);
  t.equal(await reasonOf(crossCheck.readSubject(READING)), 'overloaded saml.reader.queue');
  await crossCheck.close();
  t.same(await Promise.all(waiting), [
    'overloaded saml.reader.unavailable',
    'overloaded saml.reader.unavailable',
  ]);
  t.equal(await reasonOf(crossCheck.readSubject(READING)), 'overloaded saml.reader.queue', 'after the end');
});

t.test('a result with another id is ignored', async (t) => {
  const url = workerOf(
    'port.postMessage({ id: message.id - 1, subject: { nameId: "admin", attributes: {} } });',
  );
  const crossCheck = crossCheckWith(t, { workerUrl: url, timeoutMs: 300 });
  t.equal(await reasonOf(crossCheck.readSubject(READING)), 'proof_invalid saml.reader.failed');
});

t.test('requireAgreement compares the NameID and every attribute (saml.reader.disagrees)', async (t) => {
  const facts = {
    nameId: { value: 'alice' },
    attributes: [
      { name: 'Role', values: ['a'] },
      { name: 'groups', values: ['x', 'y'] },
      { name: 'Role', values: ['b'] },
    ],
  };
  const agreed = { nameId: 'alice', attributes: { Role: ['b'], groups: ['x', 'y'] } };
  const check = (second: typeof agreed) => () => requireAgreement(facts as never, second);
  t.doesNotThrow(check(agreed), 'saml2-js keeps the last Attribute of a Name');
  const differing = [
    { ...agreed, nameId: 'admin' },
    { ...agreed, attributes: { Role: ['b'] } },
    { ...agreed, attributes: { ...agreed.attributes, more: ['z'] } },
    { ...agreed, attributes: { ...agreed.attributes, groups: ['y', 'x'] } },
    { ...agreed, attributes: { ...agreed.attributes, groups: ['x'] } },
  ];
  for (const second of differing) {
    t.throws(check(second as typeof agreed), { code: 'proof_invalid', reason: 'saml.reader.disagrees' });
  }
});

t.test('the worker prints nothing, even with DEBUG=saml2', async (t) => {
  const before = process.env['DEBUG'];
  process.env['DEBUG'] = 'saml2';
  t.teardown(() => {
    if (before === undefined) delete process.env['DEBUG'];
    else process.env['DEBUG'] = before;
  });
  const printed = [t.capture(process.stdout, 'write'), t.capture(process.stderr, 'write')];
  const crossCheck = crossCheckWith(t, {});
  await crossCheck.readSubject(READING);
  await reasonOf(crossCheck.readSubject({ ...READING, xml: '<alice' }));
  await crossCheck.close();
  const text = printed.flatMap((capture) => capture()).map(({ args }) => String(args[0]));
  t.notMatch(text.join(''), /alice/);
});
