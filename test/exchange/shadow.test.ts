// The shadow policy compared with the live one: the kinds of differences, and that the live outcome never changes.
import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import type { Policy } from '../../src/authz/policy.js';
import type { ExchangeRequest } from '../../src/core/types.js';
import { ShadowEvaluator } from '../../src/exchange/shadow.js';
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
const broken: Policy = Object.defineProperty(policyOf({}, []), 'grantIndexByIssuer', {
  get: () => {
    throw new TypeError('broken');
  },
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An evaluator and the differences that it logs. */
function evaluator() {
  const reported: Readonly<Record<string, unknown>>[] = [];
  const kinds: string[] = [];
  const shadowEvaluator = new ShadowEvaluator({
    metrics: { countShadowDifference: (kind) => kinds.push(kind) },
    log: { info: (fields) => void reported.push(fields) },
  });
  return { shadowEvaluator, reported, kinds };
}

/** The outcome for the caller, and the differences that are reported later. */
async function compare(
  policy: Policy,
  shadow: Policy | undefined,
  parameters: Partial<ExchangeRequest> = {},
) {
  const { shadowEvaluator, reported, kinds } = evaluator();
  const policies = { policy, ...(shadow && { shadow }) };
  let role: string | undefined;
  const refusal = refusalOf(() => {
    const decision = shadowEvaluator.decide(policies, principalOf(), { ...request, ...parameters }, NOW);
    role = decision.role;
  });
  t.same(reported, [], 'nothing is reported before the caller has its decision');
  await turn();
  t.same(
    kinds,
    reported.map((fields) => fields['kind']),
    'the metric counts what the log reports',
  );
  return { outcome: role ?? refusal?.code, reported };
}

t.test('a shadow policy reports each kind of difference', async (t) => {
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
    parameters: Partial<ExchangeRequest>,
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
  for (const [live, shadow, parameters, expected] of rows) {
    const { outcome, reported } = await compare(live, shadow, parameters);
    t.equal(outcome, (await compare(live, undefined, parameters)).outcome, 'the outcome does not change');
    t.match(reported, expected ? [{ requestId: 'req-1', issuer: 'corp', ...expected }] : []);
    t.equal(reported.length, expected ? 1 : 0);
  }
});

t.test('differences hold nothing that the caller sent', async (t) => {
  const { reported } = await compare(nothing, policyOf({}, []), { role: 's3cr3t-planted' });
  t.same(reported, []);
  const { reported: gained } = await compare(nothing, deploy, { role: 'deploy', reason: 's3cr3t-planted' });
  t.equal(gained[0]?.['kind'], 'gained');
  t.notMatch(JSON.stringify(gained), /s3cr3t/);
});

t.test('a shadow policy reports differences in the list of permitted roles', async (t) => {
  const listed = async (policy: Policy, shadow?: Policy) => {
    const { shadowEvaluator, reported } = evaluator();
    const policies = { policy, ...(shadow && { shadow }) };
    const permitted = shadowEvaluator.listPermittedRoles(policies, principalOf(), request, NOW);
    await turn();
    return { roles: permitted.map(({ role }) => role.name), reported };
  };
  t.same(await listed(deploy), { roles: ['deploy'], reported: [] });
  t.same(await listed(deploy, deploy), { roles: ['deploy'], reported: [] });
  t.match(await listed(deploy, both), {
    roles: ['deploy'],
    reported: [{ kind: 'gained', live: ['deploy'], shadow: ['deploy', 'other'] }],
  });
  t.match(await listed(both, deploy), { roles: ['deploy', 'other'], reported: [{ kind: 'lost' }] });
  t.match(await listed(deploy, broken), { roles: ['deploy'], reported: [{ kind: 'failed' }] });
});
