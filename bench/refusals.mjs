// Timing side channel: whether a role that does not exist can be distinguished from one that is not permitted. Refusals of the two
// are interleaved in many small samples. A ratio of medians farther from 1 than that of a role to itself is a leak.
import { decide } from '../dist/authz/decide.js';
import { explainToCaller } from '../dist/authz/explain/explain.js';
import { compilePolicy } from '../dist/authz/policy.js';
import { medianRatio } from './measure.mjs';

const ROLES = 1000;
const now = new Date('2026-11-21T12:00:00Z');
const caller = { sourceAddress: '10.1.2.3' };

/** Roles with the same cost to refuse, and roles from a claim. */
function policyOf() {
  const { policy, errors } = compilePolicy({
    server: { url: 'https://sallyport.bench.example' },
    aws: { region: 'eu-west-1' },
    issuers: { corp: { type: 'oidc', issuer: 'https://corp.bench.example', audience: 'sallyport' } },
    roles: Object.fromEntries(
      Array.from({ length: ROLES }, (_, index) => [
        `role-${index}`,
        { via: 'AssumeRoleWithWebIdentity', roleArn: `arn:aws:iam::111122223333:role/role-${index}` },
      ]),
    ),
    rolesFrom: {
      claimed: {
        via: 'AssumeRoleWithWebIdentity',
        claim: 'arns',
        accounts: ['111122223333'],
        roleArns: ['arn:aws:iam::*:role/claimed/*'],
      },
    },
    grants: Array.from({ length: ROLES }, (_, index) => ({
      id: `grant-${index}`,
      issuer: 'corp',
      match: { team: { glob: `team-${index}-*` } },
      when: 'claims.team != "none"',
      roles: [`role-${index}`, `role-${(index * 7) % ROLES}`],
    })),
  });
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return policy;
}

const principal = {
  issuer: 'corp',
  type: 'oidc',
  subject: 'caller',
  claims: {
    sub: 'caller',
    team: 'sales',
    arns: Array.from({ length: 10 }, (_, index) => `arn:aws:iam::111122223333:role/claimed/${index}`),
  },
  issuedAt: now.getTime() / 1000,
  expiresAt: now.getTime() / 1000 + 600,
};

export async function benchRefusals() {
  const policy = policyOf();
  const refused = (role) => {
    try {
      decide(policy, principal, { ...caller, role }, now);
    } catch {
      return;
    }
    throw new Error('not refused');
  };
  const explained = (role) => explainToCaller(policy, principal, { ...caller, role }, now);
  // Names of equal length, so that only the existence of the role differs.
  const numbers = Array.from({ length: 900 }, (_, index) => 100 + index);
  const there = numbers.map((number) => `role-${number}`);
  const missing = numbers.map((number) => `rule-${number}`);
  return [
    [
      'missingRoleVsRefused',
      refused,
      missing,
      'refusing a role that does not exist ÷ one that is not permitted',
    ],
    [
      'refusedRoleVsItself',
      refused,
      there,
      'the same for existing roles ÷ themselves: the noise of the measurement',
    ],
    [
      'missingRoleExplainedVsRefused',
      explained,
      missing,
      'explaining a role that does not exist to its caller ÷ one that is not permitted',
    ],
    ['refusedRoleExplainedVsItself', explained, there, 'the same for existing roles ÷ themselves'],
  ].map(([name, run, names, meaning]) => ({ name, value: medianRatio(run, names, there), meaning }));
}
