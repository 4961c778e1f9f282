// Policy evaluation: an explicit deny wins, then an allow, else the implicit deny.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import { isConditionMet, variableContext } from './conditions.js';
import type { ConditionContext } from './context.js';
import type { PolicyDocument, Principals, Statement } from './document.js';
import { matchesParts, parsePattern } from './pattern.js';

export type Effect = 'allowed' | 'explicitDeny' | 'implicitDeny';

export interface AccessRequest {
  /** e.g. `sts:AssumeRole` */
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
}

/** The principal of a request, as a trust policy can name it. */
export type TrustedPrincipal =
  | {
      readonly type: 'AWS';
      readonly account: string;
      /** ARN of the user, role or root user. For a session, the ARN of its role. */
      readonly arn: string;
      /** ARN of the assumed-role session. */
      readonly sessionArn?: string;
    }
  | { readonly type: 'Federated'; readonly arn: string };

/**
 * The kind of element of a trust policy that matches the principal: the session's ARN, the user's or role's ARN, `*`, or
 * the account, which delegates the decision to the policies of that account.
 */
type PrincipalMatch = 'session' | 'principal' | 'everyone' | 'account';
const MOST_SPECIFIC_FIRST: readonly PrincipalMatch[] = ['session', 'principal', 'everyone', 'account'];

export interface TrustDecision {
  readonly effect: Effect;
  /** Set if allowed: the most specific match among the statements that allow. */
  readonly principalMatch?: PrincipalMatch;
}

/** Evaluates identity policies together, or session policies together. */
export function evaluateIdentity(policies: readonly PolicyDocument[], request: AccessRequest): Effect {
  const effects = policies.flatMap((policy) =>
    policy.statements
      .filter(
        (statement) =>
          matchesActionAndConditions(statement, policy, request) &&
          matchesResource(statement, policy, request),
      )
      .map((statement) => statement.effect),
  );
  return effects.includes('Deny') ? 'explicitDeny' : effects.includes('Allow') ? 'allowed' : 'implicitDeny';
}

/** Evaluates the trust policy of a role. It has no Resource: it applies to the role itself. */
export function evaluateTrust(
  policy: PolicyDocument,
  principal: TrustedPrincipal,
  request: AccessRequest,
): TrustDecision {
  const matches = policy.statements
    .filter((statement) => matchesActionAndConditions(statement, policy, request))
    .map((statement) => ({ effect: statement.effect, principalMatch: matchPrincipal(statement, principal) }))
    .filter((match) => match.principalMatch !== undefined);
  if (matches.some((match) => match.effect === 'Deny')) return { effect: 'explicitDeny' };
  const principalMatch = MOST_SPECIFIC_FIRST.find((kind) =>
    matches.some((match) => match.principalMatch === kind),
  );
  return principalMatch ? { effect: 'allowed', principalMatch } : { effect: 'implicitDeny' };
}

function matchesActionAndConditions(
  statement: Statement,
  policy: PolicyDocument,
  request: AccessRequest,
): boolean {
  const named = (patterns: readonly string[]) =>
    patterns.some((pattern) =>
      matchesParts(parsePattern(pattern.toLowerCase()) ?? [], request.action.toLowerCase()),
    );
  const action = statement.actions ? named(statement.actions) : !named(statement.notActions ?? []);
  return (
    action &&
    statement.conditions.every((condition) => isConditionMet(condition, policy.version, request.context))
  );
}

function matchesResource(statement: Statement, policy: PolicyDocument, request: AccessRequest): boolean {
  const named = (patterns: readonly string[]) =>
    patterns.some((pattern) => {
      const parts = parsePattern(pattern, variableContext(policy.version, request.context));
      return parts !== undefined && matchesParts(parts, request.resource);
    });
  return statement.resources ? named(statement.resources) : !named(statement.notResources ?? []);
}

function matchPrincipal(statement: Statement, principal: TrustedPrincipal): PrincipalMatch | undefined {
  if (statement.principals) return matchPrincipals(statement.principals, principal);
  return matchPrincipals(statement.notPrincipals ?? {}, principal) ? undefined : 'everyone';
}

/** Principals match exactly. `*` matches only as the whole element. */
function matchPrincipals(principals: Principals, principal: TrustedPrincipal): PrincipalMatch | undefined {
  const names = principals[principal.type] ?? [];
  if (principal.type === 'Federated') {
    return names.includes(principal.arn) ? 'principal' : undefined;
  }
  const { account, arn, sessionArn } = principal;
  const root = `arn:aws:iam::${account}:root`;
  if (sessionArn && names.includes(sessionArn)) return 'session';
  if (arn !== root && names.includes(arn)) return 'principal';
  if (names.includes('*')) return 'everyone';
  return names.includes(account) || names.includes(root) ? 'account' : undefined;
}
