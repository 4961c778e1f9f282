import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Secret } from '@sallyport/client/internal/secret';
import t, { type Test } from 'tap';
import { JsonLinesAuditLog } from '../../src/audit/log.js';
import {
  explainedRecord,
  intentRecord,
  issuedRecord,
  previewedRecord,
  refusedRecord,
} from '../../src/audit/record.js';
import { type LineSink, openFileSink, streamSink } from '../../src/audit/sinks/line-sink.js';
import type { AuditRecord } from '../../src/core/audit-record.js';
import { type ErrorCode, SallyportError } from '../../src/core/errors.js';
import type { Decision, ExchangeRequest, IssuedCredentials, Principal } from '../../src/core/types.js';

const NOW = new Date('2026-11-21T12:00:00.250Z');
const PROOF = 'the-proof-itself';

const request: ExchangeRequest = {
  requestId: 'req-1',
  surface: 'credentials',
  sourceAddress: '10.1.2.3',
  proof: { type: 'oidc', value: new Secret(PROOF) },
};
const principal: Principal = {
  issuer: 'corp',
  type: 'oidc',
  subject: 'alice',
  claims: { secret: 'a-claim-nobody-logs' },
  issuedAt: 1_795_000_000.5,
  expiresAt: 1_795_003_600,
};
const decision: Decision = {
  role: 'deploy',
  target: {
    operation: 'AssumeRoleWithWebIdentity',
    roleArn: 'arn:aws:iam::111122223333:role/deploy',
    webIdentity: 'caller',
  },
  session: { name: 'alice', durationSeconds: 900 },
  grant: 'g',
  durationLimitedBy: 'request',
};
const issued: IssuedCredentials = {
  credentials: {
    accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
    secretAccessKey: new Secret('the-secret-key'),
    sessionToken: new Secret('the-session-token'),
    expiration: new Date('2026-11-21T12:15:00.999Z'),
  },
};
const base = {
  Version: 1,
  Time: '2026-11-21T12:00:00.250Z',
  RequestId: 'req-1',
  Surface: 'credentials',
  SourceAddress: '10.1.2.3',
  ProofType: 'oidc',
};
const caller = {
  Issuer: 'corp',
  Subject: 'alice',
  IssuedAt: '2026-11-18T11:06:40.500Z',
  ExpiresAt: '2026-11-18T12:06:40.000Z',
};
const decided = {
  Role: 'deploy',
  Operation: 'AssumeRoleWithWebIdentity',
  RoleArn: 'arn:aws:iam::111122223333:role/deploy',
  Grant: 'g',
  Session: { Name: 'alice', DurationSeconds: 900, DurationLimitedBy: 'request' },
};

t.test('a sink that hangs times out and does not delay close', async (t) => {
  const hung: LineSink = { write: () => new Promise(() => {}), close: () => new Promise(() => {}) };
  const log = new JsonLinesAuditLog([hung], 20);
  await t.rejects(log.write(intentRecord({ request }, NOW)), /sink timed out/);
  t.notOk(await log.check());
  await log.close();
});

t.test('a stream whose reader has stopped is rejected beyond the buffer limit', async (t) => {
  const stream = new Writable({ highWaterMark: 1, write: () => {} });
  const sink = streamSink(stream);
  void sink.write('x'.repeat(1024 * 1024 + 1));
  await t.rejects(sink.write('y'), /reader of the stream has stopped/);
});

t.test('a file sink reopens its file after rotation or deletion', async (t) => {
  const folder = t.testdir();
  const path = join(folder, 'audit.jsonl');
  const sink = await openFileSink(path);
  t.teardown(() => sink.close());
  await sink.write('1\n');
  await rename(path, `${path}.1`);
  await sink.write('2\n');
  await rm(path);
  await sink.write('3\n');
  t.equal(await readFile(`${path}.1`, 'utf8'), '1\n');
  t.equal(await readFile(path, 'utf8'), '3\n');
});

t.test('control characters and line separators are escaped', async (t) => {
  const lines: string[] = [];
  const log = new JsonLinesAuditLog([
    { write: async (text) => void lines.push(text), close: async () => {} },
  ]);
  await log.write({ ...intentRecord({ request }, NOW), Reason: 'a\u009b31m\u2028b\u007f' });
  t.match(lines[0], /a\\u009b31m\\u2028b\\u007f/);
  t.equal(JSON.parse(lines[0] ?? '').Reason, 'a\u009b31m\u2028b\u007f');
});

t.test('each event has exactly the fields known at that point', (t) => {
  const rows: [what: string, record: AuditRecord, expected: object][] = [
    [
      'intent',
      intentRecord({ request, principal, decision }, NOW),
      { ...base, Event: 'intent', Principal: caller, ...decided },
    ],
    [
      'issued, with few members in the response',
      issuedRecord({ request, principal, decision }, issued, NOW),
      {
        ...base,
        Event: 'issued',
        Principal: caller,
        ...decided,
        Issued: { AccessKeyId: 'ASIAEXAMPLEEXAMPLE00', Expiration: '2026-11-21T12:15:00Z' },
      },
    ],
    [
      'issued, with all there can be',
      issuedRecord(
        {
          request: { ...request, role: 'asked', reason: 'asked' },
          principal: { ...principal, proofId: 'jti-1' },
          decision: {
            ...decision,
            reason: 'fire',
            session: { ...decision.session, policy: '{}', policyArns: ['arn:p'], tags: { team: 'blue' } },
          },
        },
        {
          ...issued,
          assumedRoleUser: { assumedRoleId: 'AROA:alice', arn: 'arn:aws:sts::1:assumed-role/deploy/alice' },
          packedPolicySize: 0,
          sourceIdentity: 'alice@corp',
          stsRequestId: 'sts-1',
          cached: 'stale',
          federation: { Subject: 'not recorded' },
        },
        NOW,
      ),
      {
        ...base,
        Event: 'issued',
        Principal: { ...caller, ProofId: 'jti-1' },
        ...decided,
        Session: {
          ...decided.Session,
          PolicySha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
          PolicyArns: ['arn:p'],
          Tags: { team: 'blue' },
        },
        Reason: 'fire',
        Issued: {
          AccessKeyId: 'ASIAEXAMPLEEXAMPLE00',
          Expiration: '2026-11-21T12:15:00Z',
          Arn: 'arn:aws:sts::1:assumed-role/deploy/alice',
          AssumedRoleId: 'AROA:alice',
          PackedPolicySize: 0,
          SourceIdentity: 'alice@corp',
          StsRequestId: 'sts-1',
          Cached: true,
          Stale: true,
        },
      },
    ],
    [
      'issued to a federated user',
      issuedRecord(
        { request, principal, decision: { ...decision, target: { operation: 'GetFederationToken' } } },
        {
          ...issued,
          federatedUser: { federatedUserId: '1:alice', arn: 'arn:aws:sts::1:federated-user/alice' },
        },
        NOW,
      ),
      {
        ...base,
        Event: 'issued',
        Principal: caller,
        Role: 'deploy',
        Operation: 'GetFederationToken',
        Grant: 'g',
        Session: decided.Session,
        Issued: {
          AccessKeyId: 'ASIAEXAMPLEEXAMPLE00',
          Expiration: '2026-11-21T12:15:00Z',
          Arn: 'arn:aws:sts::1:federated-user/alice',
        },
      },
    ],
    [
      'a proof refused',
      refusedRecord(
        { request: { ...request, role: 'asked', reason: 'why' } },
        new SallyportError('proof_invalid', { reason: 'jwt.exp.past' }),
        NOW,
      ),
      {
        ...base,
        Event: 'denied',
        Role: 'asked',
        Reason: 'why',
        Error: { Code: 'proof_invalid', Reason: 'jwt.exp.past' },
      },
    ],
    [
      'what no role can be called',
      refusedRecord(
        { request: { ...request, role: `eyJhbGciOiJSUzI1NiJ9.${'x'.repeat(60)}` } },
        new SallyportError('proof_malformed'),
        NOW,
      ),
      { ...base, Event: 'denied', Error: { Code: 'proof_malformed', Reason: 'proof_malformed' } },
    ],
    [
      'a role refused',
      refusedRecord({ request, principal }, new SallyportError('no_role_permitted'), NOW),
      {
        ...base,
        Event: 'denied',
        Principal: caller,
        Error: { Code: 'no_role_permitted', Reason: 'no_role_permitted' },
      },
    ],
    [
      'a preview',
      previewedRecord({ request: { ...request, surface: 'roles' }, principal }, NOW),
      { ...base, Surface: 'roles', Event: 'previewed', Principal: caller },
    ],
    [
      'an operator about somebody',
      explainedRecord(
        {
          request: { ...request, role: 'asked' },
          principal,
          about: { issuer: 'ci', subject: 'jane', claims: { secret: 'nobody-logs' } } as object,
        },
        NOW,
      ),
      {
        ...base,
        Event: 'explained',
        Principal: caller,
        Role: 'asked',
        About: { Issuer: 'ci', Subject: 'jane' },
      },
    ],
    [
      'STS refused',
      refusedRecord(
        { request, principal, decision },
        new SallyportError('sts_rejected_proof', {
          reason: 'sts.X',
          sts: { code: 'X', requestId: 'r-1', encodedMessage: 'not here', sent: true },
        }),
        NOW,
      ),
      {
        ...base,
        Event: 'failed',
        Principal: caller,
        ...decided,
        Error: { Code: 'sts_rejected_proof', Reason: 'sts.X', StsCode: 'X', StsRequestId: 'r-1' },
      },
    ],
  ];
  for (const [what, record, expected] of rows) {
    const line = JSON.stringify(record);
    t.strictSame(JSON.parse(line), expected, what);
    t.notMatch(line, /the-proof|the-secret|the-session|nobody-logs/, 'no secret, no claims');
  }
  t.end();
});

t.test('the event is denied for refusals and failed for errors', (t) => {
  const event = (code: ErrorCode) => refusedRecord({ request }, new SallyportError(code), NOW).Event;
  for (const code of ['proof_expired', 'proof_replayed', 'role_ambiguous', 'reason_required'] as const)
    t.equal(event(code), 'denied', code);
  for (const code of ['replay_store_unavailable', 'issuer_unavailable', 'internal'] as const)
    t.equal(event(code), 'failed', code);
  t.end();
});

const entry = (id: number): AuditRecord => ({ ...intentRecord({ request }, NOW), RequestId: `r${id}` });

/** A sink whose writes end when the test says so. */
function heldSink() {
  const writes: { lines: string; succeed: () => void; fail: (error: Error) => void }[] = [];
  let seen = () => {};
  const sink: LineSink = {
    write: (lines) =>
      new Promise((succeed, fail) => {
        writes.push({ lines, succeed, fail });
        seen();
      }),
    close: async () => {},
  };
  const written = async (count: number) => {
    while (writes.length < count) {
      await new Promise<void>((resolve) => {
        seen = resolve;
      });
    }
    return writes[count - 1] as (typeof writes)[number];
  };
  return { sink, writes, written };
}
const idsIn = (lines: string) =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as AuditRecord).RequestId);

t.test('pending records share one write, in order, and resolve when they are durable', async (t) => {
  const { sink, writes, written } = heldSink();
  const log = new JsonLinesAuditLog([sink]);
  let done = 0;
  const write = (id: number) => log.write(entry(id)).then(() => done++);
  const pending = [1, 2].map(write);
  const first = await written(1);
  t.same(idsIn(first.lines), ['r1', 'r2'], 'one write for all of one turn');
  pending.push(...[3, 4, 5].map(write));
  t.equal(done, 0);
  first.succeed();
  const second = await written(2);
  t.same(idsIn(second.lines), ['r3', 'r4', 'r5'], 'and one for all records that arrived in the meantime');
  t.match(second.lines, /\}\n$/);
  t.equal(done, 2, 'only the first two are durable');
  second.succeed();
  await Promise.all(pending);
  const last = log.write(entry(6));
  (await written(3)).succeed();
  await last;
  t.equal(writes.length, 3);
});

t.test('a failing sink rejects its batch only; the log recovers and check() reports it', async (t) => {
  const { sink, writes, written } = heldSink();
  const log = new JsonLinesAuditLog([sink]);
  t.equal(await log.check(), true);
  const one = log.write(entry(1));
  const failing = await written(1);
  const two = log.write(entry(2));
  failing.fail(new Error('disk full'));
  await t.rejects(one, { message: 'disk full' });
  (await written(2)).succeed();
  await two;
  t.equal(await log.check(), true, 'the last write went well');

  const three = log.write(entry(3));
  (await written(3)).fail(new Error('disk full'));
  await t.rejects(three);
  const still = log.check();
  (await written(4)).fail(new Error('disk full'));
  t.equal(await still, false);
  t.equal(writes[3]?.lines, '\n', 'the check really writes: a full disk takes nothing happily');
  const again = log.check();
  (await written(5)).succeed();
  t.equal(await again, true);
  t.equal(await log.check(), true);
  t.equal(writes.length, 5, 'no probe while all is well');
});

t.test('a record after a failed write starts on a new line', async (t) => {
  let torn = '';
  let broken = true;
  const sink: LineSink = {
    write: async (lines) => {
      torn += broken ? lines.slice(0, 20) : lines;
      if (broken) throw new Error('disk full');
    },
    close: async () => {},
  };
  const log = new JsonLinesAuditLog([sink]);
  await t.rejects(log.write(entry(1)));
  broken = false;
  await log.write(entry(2));
  await log.write(entry(3));
  const lines = torn.split('\n');
  t.same(idsIn(lines.slice(1).join('\n')), ['r2', 'r3']);
  t.equal(lines.length, 4, 'the half record, two whole ones, the end');
});

t.test('a record must be written to every sink', async (t) => {
  const taken: string[] = [];
  const good: LineSink = { write: async (lines) => void taken.push(lines), close: async () => {} };
  const bad: LineSink = { write: async () => Promise.reject(new Error('gone')), close: async () => {} };
  for (const sinks of [
    [good, bad],
    [bad, good],
  ]) {
    const log = new JsonLinesAuditLog(sinks);
    await t.rejects(log.write(entry(1)), { message: 'gone' });
    t.equal(await log.check(), false);
  }
  t.equal(idsIn(taken.join('')).length, 2, 'each sink is called, even if the other fails');
});

t.test('close waits for writes in progress', async (t) => {
  const { sink, written } = heldSink();
  const order: string[] = [];
  const log = new JsonLinesAuditLog([{ ...sink, close: async () => void order.push('closed') }]);
  const write = (id: number) => log.write(entry(id)).then(() => order.push(`r${id}`));
  const writes = [write(1)];
  const first = await written(1);
  writes.push(write(2));
  const closing = log.close();
  first.succeed();
  (await written(2)).succeed();
  await closing;
  await Promise.all(writes);
  t.same(order, ['r1', 'r2', 'closed']);
});

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-audit-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

t.test(
  'a file sink creates the file with mode 0600, appends, and has written when the write resolves',
  async (t) => {
    const path = join(folder(t), 'audit.jsonl');
    const umask = process.umask(0);
    t.teardown(() => process.umask(umask));
    for (const id of [1, 2]) {
      const log = new JsonLinesAuditLog([await openFileSink(path)]);
      await log.write(entry(id));
      t.equal(idsIn(readFileSync(path, 'utf8')).length, id);
      await log.close();
      await t.rejects(log.write(entry(9)), 'nothing is taken after close');
    }
    t.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o640);
    await (await openFileSink(path)).close();
    t.equal(statSync(path).mode & 0o777, 0o640, 'a mode that the operator chose stays');
    await t.rejects(openFileSink(join(path, 'nowhere')), { code: 'ENOTDIR' });
  },
);

t.test('write and check fail on a full disk', { skip: process.platform !== 'linux' }, async (t) => {
  const log = new JsonLinesAuditLog([await openFileSink('/dev/full')]);
  await t.rejects(log.write(entry(1)), { code: 'ENOSPC' });
  t.equal(await log.check(), false);
  await log.close();
});

t.test('a broken stream rejects its writes without an unhandled error', async (t) => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done(lines.length > 1 ? new Error('EPIPE') : null);
    },
  });
  const log = new JsonLinesAuditLog([streamSink(stream)]);
  await log.write(entry(1));
  await t.rejects(log.write(entry(2)), { message: 'EPIPE' });
  await t.rejects(log.write(entry(3)));
  t.equal(await log.check(), false);
  t.same(idsIn(lines[0] ?? ''), ['r1']);
});
