// The cost of a decision with many grants and roles compared to few: it must not grow with the config.
import { decide, listPermittedRoles } from '../dist/authz/decide.js';
import { compilePolicy } from '../dist/authz/policy.js';
import { measure, ratio } from './measure.mjs';

const FEW = 10;
const MANY = 10_000;
const now = new Date('2026-11-21T12:00:00Z');
const caller = { sourceAddress: '10.1.2.3' };

/** One role for each grant. `match`: the grant's matcher. */
function policyOf(count, match) {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const { policy, errors } = compilePolicy({
    server: { url: 'https://sallyport.bench.example' },
    aws: { region: 'eu-west-1' },
    issuers: { ci: { type: 'oidc', issuer: 'https://ci.bench.example', audience: 'sallyport' } },
    roles: Object.fromEntries(
      numbers.map((index) => [
        `role-${index}`,
        { via: 'AssumeRoleWithWebIdentity', roleArn: `arn:aws:iam::111122223333:role/role-${index}` },
      ]),
    ),
    grants: numbers.map((index) => ({
      id: `grant-${index}`,
      issuer: 'ci',
      match: match(index),
      roles: [`role-${index}`],
    })),
  });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return policy;
}

const principal = (index) => ({
  issuer: 'ci',
  type: 'oidc',
  subject: 'caller',
  claims: { sub: 'caller', repository_id: String(index), ref: 'refs/heads/release-1' },
  issuedAt: now.getTime() / 1000,
  expiresAt: now.getTime() / 1000 + 600,
});

const byClaim = (index) => ({ repository_id: String(index), ref: { glob: 'refs/heads/release-*' } });
const byRole = () => ({ ref: { glob: 'refs/heads/release-*' } });

export async function benchDecisions() {
  const work = {};
  for (const count of [FEW, MANY]) {
    const claims = policyOf(count, byClaim);
    const roles = policyOf(count, byRole);
    // The same number of callers in both, spread over the config, so that the search is measured and not the CPU caches.
    const callers = Array.from({ length: FEW }, (_, index) => {
      const number = (index * count) / FEW;
      return { principal: principal(number), asked: { ...caller, role: `role-${number}` } };
    });
    const run = (decideOne) => ({ times: 10_000, run: (index) => decideOne(callers[index % FEW]) });
    work[`byClaim${count}`] = run((one) => decide(claims, one.principal, one.asked, now));
    work[`byRole${count}`] = run((one) => decide(roles, one.principal, one.asked, now));
    work[`unnamed${count}`] = run((one) => decide(claims, one.principal, caller, now));
    work[`listed${count}`] = run((one) => listPermittedRoles(claims, one.principal, caller, now));
  }
  const cost = await measure(work);
  return [
    ['byClaim', 'decisionManyVsFew', 'a decision with 10,000 grants and roles, by a claim ÷ with 10'],
    ['byRole', 'decisionByRoleManyVsFew', 'the same, where the grants differ only by role'],
    ['unnamed', 'decisionUnnamedManyVsFew', 'the same, where the request names no role'],
    ['listed', 'rolesManyVsFew', 'the list of permitted roles, with 10,000 ÷ with 10'],
  ].map(([key, name, meaning]) => ({
    name,
    value: ratio(cost[`${key}${MANY}`], cost[`${key}${FEW}`]),
    meaning,
  }));
}
