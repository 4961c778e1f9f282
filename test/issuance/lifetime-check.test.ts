// The lifetime that STS returned is compared with the one that was decided.
import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import { refusedRecord } from '../../src/audit/record.js';
import { SallyportError } from '../../src/core/errors.js';
import type { IssuedCredentials, IssueRequest } from '../../src/core/types.js';
import { LifetimeCheck } from '../../src/issuance/lifetime-check.js';
import { NOW, principalOf } from '../support/policy.js';

const proof = { type: 'oidc', value: new Secret('token') } as const;
const requestFor = (durationSeconds: number): IssueRequest => ({
  principal: principalOf(),
  proof,
  decision: {
    role: 'a',
    target: { operation: 'GetSessionToken' },
    session: { durationSeconds },
    grant: 'g',
    durationLimitedBy: 'role',
  },
});

function issueFor(decided: number, returned: number, strict = true, chain = false) {
  const warned: object[] = [];
  const issued: IssuedCredentials = {
    credentials: {
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: new Secret('s'),
      sessionToken: new Secret('t'),
      expiration: new Date(NOW.getTime() + returned * 1000),
    },
    stsRequestId: 'sts-request-1',
    ...(chain && { durationLimitedBy: 'chain' }),
  };
  const check = new LifetimeCheck({
    stsIssuer: { issue: async () => issued },
    strict,
    log: { warn: (fields) => void warned.push(fields) },
    now: () => NOW,
  });
  return { result: check.issue(requestFor(decided)), warned, issued };
}

t.test('credentials with the decided lifetime are returned unchanged', async (t) => {
  for (const [decided, returned, chain] of [
    [900, 900, false],
    [900, 1200, false],
    [3600, 3300, false],
    [7200, 3600, true],
  ] as const) {
    const { result, warned, issued } = issueFor(decided, returned, true, chain);
    t.equal(await result, issued, `${decided} ${returned}`);
    t.same(warned, []);
  }
});

t.test('credentials that outlive the decision are refused, and the record names the STS call', async (t) => {
  for (const [decided, returned, chain] of [
    [900, 3600, false],
    [900, 1201, false],
    [7200, 7200, true],
  ] as const) {
    const { result, warned } = issueFor(decided, returned, true, chain);
    const error = await result.catch((thrown: unknown) => thrown);
    if (!(error instanceof SallyportError)) throw new Error('not refused');
    t.match(error, { code: 'sts_rejected_request', reason: 'sts.lifetime_exceeded' });
    t.match(warned, [{ refused: true, stsRequestId: 'sts-request-1', accessKeyId: 'ASIAEXAMPLE' }]);
    const request = { requestId: 'r', surface: 'credentials', sourceAddress: '10.1.2.3', proof };
    t.match(refusedRecord({ request, decision: requestFor(decided).decision }, error, NOW), {
      Event: 'failed',
      Error: { Reason: 'sts.lifetime_exceeded', StsRequestId: 'sts-request-1' },
    });
  }
});

t.test('with strictDuration false they are returned as limited by sts, and logged', async (t) => {
  const { result, warned } = issueFor(900, 3600, false);
  t.equal((await result).durationLimitedBy, 'sts');
  t.match(warned, [{ refused: false, decidedSeconds: 900 }]);
});

t.test('credentials with a shorter lifetime than decided are limited by sts', async (t) => {
  for (const [decided, returned, chain] of [
    [3600, 900, false],
    [7200, 900, true],
  ] as const) {
    const { result, warned } = issueFor(decided, returned, true, chain);
    t.equal((await result).durationLimitedBy, 'sts');
    t.match(warned, [{ refused: false }]);
  }
});
