// Runs the policy tests of the config (`tests`): principals with the expected decisions.
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../config/schema/config.js';
import type { PolicyTest } from '../../config/schema/policy-test.js';
import type { Session } from '../../core/types.js';
import type { Policy } from '../policy.js';
import { explainRole, type RoleExplanation } from './explain.js';
import { simulatePrincipal } from './simulated-principal.js';

interface TestFailure {
  readonly role: string;
  readonly message: string;
  /** Explains the actual decision. */
  readonly explanation: RoleExplanation;
}

export interface TestResult {
  /** Index in `tests`. */
  readonly index: number;
  readonly name: string;
  readonly failures: readonly TestFailure[];
}

type Expected = NonNullable<PolicyTest['session']>[string];

/** `now` is the time of tests that do not set one. */
export function runPolicyTests(config: Config, policy: Policy, now: Date): readonly TestResult[] {
  return (config.tests ?? []).map((test, index) => ({
    index,
    name: test.name ?? `test ${index + 1}`,
    failures: failuresOf(test, policy, now),
  }));
}

function failuresOf(test: PolicyTest, policy: Policy, start: Date): TestFailure[] {
  const { principal: described, allow = [], deny = [], session = {} } = test;
  const now = described.now === undefined ? start : new Date(described.now);
  const principal = simulatePrincipal(policy, described, now);
  if (!principal) return [];
  const sourceAddress = described.sourceAddress ?? '127.0.0.1';
  const explain = (role: string) => explainRole(policy, principal, { role, sourceAddress }, now);
  const expectedRoles = new Set([...allow, ...Object.keys(session)]);
  return [
    ...[...expectedRoles].flatMap((role) => checkPermitted(explain(role), session[role] ?? {})),
    ...deny.map(explain).flatMap(checkRefused),
  ];
}

function checkPermitted(explanation: RoleExplanation, expected: Expected): TestFailure[] {
  const { role, decision, refusal } = explanation;
  if (!decision) return [{ role, message: `is refused (${refusal?.code}), expected permitted`, explanation }];
  const actual = comparable(decision.session);
  return Object.entries(expected).flatMap(([key, value]) => {
    if (isDeepStrictEqual(actual[key], value)) return [];
    const message = `has ${key} ${JSON.stringify(actual[key]) ?? 'unset'}, expected ${JSON.stringify(value)}`;
    return [{ role, message, explanation }];
  });
}

/** With the session policy parsed, so that formatting and key order do not matter. */
const comparable = ({ policy, ...rest }: Session): Readonly<Record<string, unknown>> => ({
  ...rest,
  ...(policy !== undefined && { policy: JSON.parse(policy) }),
});

const checkRefused = (explanation: RoleExplanation): TestFailure[] =>
  explanation.decision
    ? [
        {
          role: explanation.role,
          message: `is permitted by ${explanation.decision.grant}, expected refused`,
          explanation,
        },
      ]
    : [];
