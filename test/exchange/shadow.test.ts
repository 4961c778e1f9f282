// The candidate's policy beside the live one: which differences there are, and that the live outcome is never another.

import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import type { Policy } from '../../src/authz/policy.js';
import type { ExchangeRequest } from '../../src/core/types.js';
import {
  decideWithShadow,
  listPermittedWithShadow,
  type ShadowDifference,
} from '../../src/exchange/shadow.js';
import { federation, NOW, policyOf, principalOf, refusalOf, web } from '../support/policy.js';

const request: ExchangeRequest = {
  requestId: 'req-1',
  surface: 'credentials',
  sourceAddress: '10.1.2.3',
  proof: { type: 'oidc', value: new Secret('x') },
};
const all = (...roles: string[]) => [{ id: 'g', issuer: 'corp', match: {}, roles }];
const deploy = policyOf({ deploy: web, other: federation }, all('deploy'));
const nothing = policyOf({ deploy: web, other: federation }, []);
const both = policyOf({ deploy: web, other: federation }, all('*'));
const broken: Policy = {
  ...policyOf({}, []),
  get grantIndexByIssuer(): never {
    throw new TypeError('broken');
  },
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What the caller gets, and what is told of it later. */
async function beside(policy: Policy, shadow: Policy | undefined, asked: Partial<ExchangeRequest> = {}) {
  const told: ShadowDifference[] = [];
  const policies = { policy, ...(shadow && { shadow }) };
  let role: string | undefined;
  const refusal = refusalOf(() => {
    const decision = decideWithShadow(policies, principalOf(), { ...request, ...asked }, NOW, (difference) =>
      told.push(difference),
    );
    role = decision.role;
  });
  t.same(told, [], 'nothing happens before the caller has its decision');
  await turn();
  return { outcome: role ?? refusal?.code, told };
}

t.test('kinds of differences', async (t) => {
  const renamed = policyOf(
    { deploy: { ...web, session: { name: 'other', duration: '20m' } }, other: federation },
    all('deploy'),
  );
  const jump = (session: object) =>
    policyOf(
      {
        jump: {
          via: 'AssumeRole',
          roleArn: 'arn:aws:iam::111122223333:role/jump',
          session: { tags: { a: 'b' }, ...session },
        },
      },
      all('jump'),
    );
  const rows: [
    live: Policy,
    shadow: Policy,
    asked: Partial<ExchangeRequest>,
    expected: object | undefined,
  ][] = [
    [deploy, deploy, {}, undefined],
    [nothing, nothing, {}, undefined],
    [deploy, nothing, {}, { kind: 'lost', live: ['deploy'], shadow: ['no_role_permitted'] }],
    [nothing, deploy, {}, { kind: 'gained', live: ['no_role_permitted'], shadow: ['deploy'] }],
    [nothing, both, {}, { kind: 'refusal', shadow: ['role_ambiguous'] }],
    [deploy, renamed, {}, { kind: 'session', fields: ['name', 'durationSeconds'] }],
    [jump({}), jump({ transitiveTags: ['a'] }), {}, { kind: 'session', fields: ['transitiveTags'] }],
    [jump({}), jump({ sourceIdentity: 'ops' }), {}, { kind: 'session', fields: ['sourceIdentity'] }],
    [deploy, policyOf({ other: federation }, all('other')), {}, { kind: 'role', shadow: ['other'] }],
    [deploy, broken, {}, { kind: 'failed', live: ['deploy'], shadow: ['internal'] }],
    [deploy, both, { role: 'deploy' }, undefined],
    [
      deploy,
      policyOf({ deploy: web }, [{ id: 'h', issuer: 'corp', match: {}, roles: ['*'] }]),
      {},
      undefined,
    ],
  ];
  for (const [live, shadow, asked, expected] of rows) {
    const { outcome, told } = await beside(live, shadow, asked);
    t.equal(outcome, (await beside(live, undefined, asked)).outcome, 'the caller gets what it would get');
    t.match(told, expected ? [{ requestId: 'req-1', issuer: 'corp', ...expected }] : []);
    t.equal(told.length, expected ? 1 : 0);
  }
});

t.test('what the caller asked for is not told', async (t) => {
  const { told } = await beside(nothing, policyOf({}, []), { role: 's3cr3t-planted' });
  t.same(told, []);
  const { told: gained } = await beside(nothing, deploy, { role: 'deploy', reason: 's3cr3t-planted' });
  t.equal(gained[0]?.kind, 'gained');
  t.notMatch(JSON.stringify(gained), /s3cr3t/);
});

t.test('the list of permitted roles, too', async (t) => {
  const listed = async (policy: Policy, shadow?: Policy) => {
    const told: ShadowDifference[] = [];
    const permitted = listPermittedWithShadow(
      { policy, ...(shadow && { shadow }) },
      principalOf(),
      request,
      NOW,
      (difference) => told.push(difference),
    );
    await turn();
    return { roles: permitted.map(({ role }) => role.name), told };
  };
  t.same(await listed(deploy), { roles: ['deploy'], told: [] });
  t.same(await listed(deploy, deploy), { roles: ['deploy'], told: [] });
  t.match(await listed(deploy, both), {
    roles: ['deploy'],
    told: [{ kind: 'gained', live: ['deploy'], shadow: ['deploy', 'other'] }],
  });
  t.match(await listed(both, deploy), { roles: ['deploy', 'other'], told: [{ kind: 'lost' }] });
  t.match(await listed(deploy, broken), { roles: ['deploy'], told: [{ kind: 'failed' }] });
});
