// POST /v1/explain over HTTP: callers about themselves, operators about anyone, and what callers must not learn.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { AuditLogReader } from '../../src/audit/query/audit-log-reader.js';
import type { Config } from '../../src/config/schema/config.js';
import type { AuditRecord } from '../../src/core/audit-record.js';
import { SallyportError } from '../../src/core/errors.js';
import type { Claims } from '../../src/core/types.js';
import { createSurfaces } from '../../src/surfaces.js';
import { appOptions } from '../support/app-options.js';
import { operationsOf } from '../support/pipeline.js';
import { policyOf, principalOf, web } from '../support/policy.js';

const GRANTS: Config['grants'] = [
  { id: 'blue', issuer: 'corp', match: { team: 'blue' }, roles: ['deploy'] },
  { id: 'secret', issuer: 'corp', match: { clearance: 'high' }, roles: ['vault'] },
  { id: 'operators', issuer: 'corp', match: { team: 'ops' }, permissions: ['explain'] },
  { id: 'leavers', effect: 'deny', match: { leaver: true }, roles: ['*'] },
];

/** Who holds which token. */
const CALLERS: Readonly<Record<string, Claims>> = {
  bob: { sub: 'bob', team: 'blue' },
  operator: { sub: 'olga', team: 'ops' },
  leaver: { sub: 'leo', team: 'ops', leaver: true },
};

const record = (RequestId: string, more: object = {}) => ({
  Version: 1,
  Time: '2026-11-21T11:00:00.000Z',
  Event: 'denied',
  RequestId,
  Surface: 'credentials',
  SourceAddress: '192.0.2.7',
  ProofType: 'oidc',
  ...more,
});

async function start(t: Test) {
  const file = join(t.testdir(), 'audit.jsonl');
  const Principal = { Issuer: 'corp', Subject: 'bob', IssuedAt: '', ExpiresAt: '' };
  const refusal = { Code: 'role_not_permitted', Reason: 'role_not_permitted' };
  const lines = [
    JSON.stringify(record('request-1', { Principal, Role: 'vault', Event: 'intent' })),
    '{"RequestId":"request-1","half',
    JSON.stringify(record('request-1', { Principal, Role: 'vault', Error: refusal })),
    JSON.stringify(record('request-2', { Error: { Code: 'proof_expired', Reason: 'exp.past' } })),
    JSON.stringify(record('request-9', { Reason: 'not request-1 but about it' })),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const policy = policyOf({ deploy: web, vault: web }, GRANTS);
  const limited: string[] = [];
  const records: AuditRecord[] = [];
  const broken = { audit: false };
  const { explain } = operationsOf({
    runtime: { policy },
    authenticator: {
      authenticate: async (_, proof) => {
        const claims = CALLERS[proof.value.reveal()];
        if (!claims) throw new SallyportError('proof_invalid');
        return principalOf(claims, { issuer: 'corp' });
      },
    },
    limiter: { consume: async (scope) => void limited.push(scope) },
    audit: {
      write: async (entry) => {
        if (broken.audit) throw new Error('disk full');
        records.push(entry);
      },
      check: async () => true,
      close: async () => {},
    },
    auditLogReader: new AuditLogReader([file]),
  });
  const app = await createSurfaces({ ...appOptions(), explain });
  t.teardown(() => app.close());
  const ask = async (token: string, payload: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await app.inject({ method: 'POST', url: '/v1/explain', headers, payload });
    return {
      status: response.statusCode,
      cache: response.headers['cache-control'],
      text: response.body,
      json: response.json(),
    };
  };
  return { ask, limited, records, broken };
}

t.test('explain shows a caller its own rules and session only', async (t) => {
  const { ask, limited } = await start(t);
  const own = await ask('bob', {});
  t.match(own, { status: 200, cache: 'no-store' });
  t.strictSame(own.json, {
    Principal: { Issuer: 'corp', Subject: 'alice' },
    SourceAddress: '127.0.0.1',
    ClaimsKnown: true,
    Roles: [
      {
        Role: 'deploy',
        Permitted: true,
        Grant: 'blue',
        Operation: 'AssumeRoleWithWebIdentity',
        RoleArn: 'arn:aws:iam::111122223333:role/deploy',
        Session: { Name: 'bob', DurationSeconds: 3600, DurationLimitedBy: 'role' },
        Grants: [
          {
            Id: 'blue',
            Effect: 'allow',
            Applies: true,
            Conditions: [
              { On: 'issuer', Wanted: 'corp', Seen: 'corp', Holds: true },
              { On: 'match.team', Wanted: 'blue', Seen: 'blue', Holds: true },
            ],
          },
        ],
      },
    ],
  });
  t.same(limited, ['principal']);
  const vault = await ask('bob', { Role: 'vault' });
  const nothingThere = await ask('bob', { Role: 'volta' });
  t.match(vault.json.Roles, [{ Permitted: false, Refusal: { Code: 'role_not_permitted' }, Grants: [] }]);
  t.equal(
    vault.text.replace('vault', 'volta'),
    nothingThere.text,
    'a role that is not permitted and one that does not exist give the same result',
  );
  t.equal((await ask('nobody', {})).status, 401);
});

t.test('explain about others requires the permission; a deny for all roles revokes it', async (t) => {
  const { ask } = await start(t);
  const other = {
    Principal: { Issuer: 'corp', Subject: 'jane', Claims: { clearance: 'low' } },
    Role: 'vault',
  };
  for (const token of ['bob', 'leaver']) {
    for (const question of [other, { RequestId: 'request-1' }, { RequestId: 'request-none' }]) {
      const { status, json } = await ask(token, question);
      t.match({ status, json }, { status: 403, json: { code: 'permission_missing' } }, token);
    }
  }
  t.match((await ask('operator', other)).json, {
    Principal: { Issuer: 'corp', Subject: 'jane' },
    Roles: [
      {
        Role: 'vault',
        Permitted: false,
        Grants: [
          {
            Id: 'secret',
            Applies: false,
            Conditions: [{ Holds: true }, { Wanted: 'high', Seen: 'low', Holds: false }],
          },
          { Id: 'leavers', Effect: 'deny', Applies: false },
        ],
      },
    ],
  });
  const every = await ask('operator', {
    Principal: { Issuer: 'corp', Claims: { clearance: 'high', sub: 'jane' } },
  });
  t.match(every.json.Roles, [
    { Role: 'deploy', Permitted: false },
    { Role: 'vault', Permitted: true, Grant: 'secret' },
  ]);
  t.match(await ask('operator', { Principal: { Issuer: 'crop' } }), {
    status: 400,
    json: { code: 'parameter_invalid' },
  });
  t.match(await ask('operator', { Principal: { Claims: {} } }), {
    status: 400,
    json: { detail: /Principal\.Issuer/ },
  });
});

t.test('explain by request id uses the audit record, and claims if they are supplied', async (t) => {
  const { ask } = await start(t);
  t.match((await ask('operator', { RequestId: 'request-1' })).json, {
    Principal: { Issuer: 'corp', Subject: 'bob' },
    SourceAddress: '192.0.2.7',
    ClaimsKnown: false,
    Record: { Event: 'denied', Role: 'vault', Error: { Code: 'role_not_permitted' } },
    Roles: [
      {
        Role: 'vault',
        Permitted: undefined,
        Grants: [
          {
            Id: 'secret',
            Applies: undefined,
            Conditions: [{ On: 'issuer', Holds: true }, { Holds: undefined }],
          },
          {},
        ],
      },
    ],
  });
  const pasted = await ask('operator', {
    RequestId: 'request-1',
    Principal: { Claims: { clearance: 'low' } },
  });
  t.match(pasted.json, {
    ClaimsKnown: true,
    Principal: { Subject: 'bob' },
    Roles: [{ Role: 'vault', Permitted: false, Grants: [{ Conditions: [{}, { Seen: 'low' }] }, {}] }],
  });
  const refusedProof = await ask('operator', { RequestId: 'request-2' });
  t.match(refusedProof.json, { Record: { Error: { Reason: 'exp.past' } }, Roles: [], Principal: undefined });
  t.match(await ask('operator', { RequestId: 'request-3' }), {
    status: 404,
    json: { code: 'record_unknown' },
  });
});

t.test('explain records the caller and the subject before it responds', async (t) => {
  const { ask, records, broken } = await start(t);
  const jane = { Issuer: 'corp', Subject: 'jane', Claims: { clearance: 'a-claim-nobody-logs' } };
  await ask('bob', { Role: 'vault' });
  await ask('operator', { Principal: jane, Role: 'vault' });
  await ask('operator', { RequestId: 'request-1' });
  await ask('bob', { Principal: jane });
  await ask('operator', { RequestId: 'request-none' });
  await ask('nobody', {});
  const about = { Issuer: 'corp', Subject: 'jane' };
  t.match(records, [
    { Event: 'previewed', Surface: 'explain', Role: 'vault', Principal: {}, About: undefined },
    { Event: 'explained', Surface: 'explain', Role: 'vault', Principal: {}, About: about },
    { Event: 'explained', About: { Issuer: 'corp', Subject: 'bob', RequestId: 'request-1' } },
    { Event: 'denied', Error: { Code: 'permission_missing' }, About: about },
    { Event: 'denied', Error: { Code: 'record_unknown' }, About: { RequestId: 'request-none' } },
    { Event: 'denied', Error: { Code: 'proof_invalid' }, Principal: undefined },
  ]);
  t.equal(records.length, 6);
  t.notMatch(JSON.stringify(records), 'a-claim-nobody-logs');
  broken.audit = true;
  for (const question of [{}, { Principal: jane }]) {
    const { status, json } = await ask('operator', question);
    t.match({ status, json }, { status: 503, json: { code: 'audit_unavailable', Roles: undefined } });
  }
});
