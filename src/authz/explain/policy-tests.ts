// The config's own `tests`: each a principal, and what must be decided for it.
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
  /** Why it came out otherwise. */
  readonly explanation: RoleExplanation;
}

export interface TestResult {
  /** Its place in `tests`. */
  readonly index: number;
  readonly name: string;
  readonly failures: readonly TestFailure[];
}

type Expected = NonNullable<PolicyTest['session']>[string];

/** Runs all of them; `now` is for those that do not say when. */
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
  const wanted = new Set([...allow, ...Object.keys(session)]);
  return [
    ...[...wanted].flatMap((role) => mustGet(explain(role), session[role] ?? {})),
    ...deny.map(explain).flatMap(mustBeRefused),
  ];
}

function mustGet(explanation: RoleExplanation, expected: Expected): TestFailure[] {
  const { role, decision, refusal } = explanation;
  if (!decision) return [{ role, message: `is refused (${refusal?.code}), and must be given`, explanation }];
  const actual = comparable(decision.session);
  return Object.entries(expected).flatMap(([key, value]) => {
    if (isDeepStrictEqual(actual[key], value)) return [];
    const message = `has ${key} ${JSON.stringify(actual[key]) ?? 'unset'}, and must have ${JSON.stringify(value)}`;
    return [{ role, message, explanation }];
  });
}

/** The policy as a document, so that its spelling does not matter. */
const comparable = ({ policy, ...rest }: Session): Readonly<Record<string, unknown>> => ({
  ...rest,
  ...(policy !== undefined && { policy: JSON.parse(policy) }),
});

const mustBeRefused = (explanation: RoleExplanation): TestFailure[] =>
  explanation.decision
    ? [
        {
          role: explanation.role,
          message: `is given by ${explanation.decision.grant}, and must be refused`,
          explanation,
        },
      ]
    : [];
