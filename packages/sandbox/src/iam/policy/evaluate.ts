// Policy evaluation: an explicit deny wins, then an allow, else the implicit deny.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import { holds, patternContext } from './conditions.js';
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

/** Who asks, as a trust policy can name it. */
export type TrustedPrincipal =
  | {
      readonly type: 'AWS';
      readonly account: string;
      /** ARN of the user, role or root. A role's session is named by its role too. */
      readonly arn: string;
      /** ARN of the assumed-role session. */
      readonly sessionArn?: string;
    }
  | { readonly type: 'Federated'; readonly arn: string };

/** How a trust policy named the principal, the most direct way first. `account` delegates to that account's policies. */
type NamedBy = 'session' | 'principal' | 'everyone' | 'account';
const DIRECTNESS: readonly NamedBy[] = ['session', 'principal', 'everyone', 'account'];

export interface TrustDecision {
  readonly effect: Effect;
  /** Set when allowed: the most direct naming among the statements that allow. */
  readonly namedBy?: NamedBy;
}

/** Identity or session policies taken together. */
export function evaluateIdentity(policies: readonly PolicyDocument[], request: AccessRequest): Effect {
  const effects = policies.flatMap((policy) =>
    policy.statements
      .filter((statement) => appliesTo(statement, policy, request) && onResource(statement, policy, request))
      .map((statement) => statement.effect),
  );
  return effects.includes('Deny') ? 'explicitDeny' : effects.includes('Allow') ? 'allowed' : 'implicitDeny';
}

/** A role's trust policy. It has no Resource: it is about the role it belongs to. */
export function evaluateTrust(
  policy: PolicyDocument,
  principal: TrustedPrincipal,
  request: AccessRequest,
): TrustDecision {
  const matches = policy.statements
    .filter((statement) => appliesTo(statement, policy, request))
    .map((statement) => ({ effect: statement.effect, namedBy: namedByStatement(statement, principal) }))
    .filter((match) => match.namedBy !== undefined);
  if (matches.some((match) => match.effect === 'Deny')) return { effect: 'explicitDeny' };
  const namedBy = DIRECTNESS.find((way) => matches.some((match) => match.namedBy === way));
  return namedBy ? { effect: 'allowed', namedBy } : { effect: 'implicitDeny' };
}

function appliesTo(statement: Statement, policy: PolicyDocument, request: AccessRequest): boolean {
  const named = (patterns: readonly string[]) =>
    patterns.some((pattern) =>
      matchesParts(parsePattern(pattern.toLowerCase()) ?? [], request.action.toLowerCase()),
    );
  const action = statement.actions ? named(statement.actions) : !named(statement.notActions ?? []);
  return (
    action && statement.conditions.every((condition) => holds(condition, policy.version, request.context))
  );
}

function onResource(statement: Statement, policy: PolicyDocument, request: AccessRequest): boolean {
  const named = (patterns: readonly string[]) =>
    patterns.some((pattern) => {
      const parts = parsePattern(pattern, patternContext(policy.version, request.context));
      return parts !== undefined && matchesParts(parts, request.resource);
    });
  return statement.resources ? named(statement.resources) : !named(statement.notResources ?? []);
}

function namedByStatement(statement: Statement, principal: TrustedPrincipal): NamedBy | undefined {
  if (statement.principals) return naming(statement.principals, principal);
  return naming(statement.notPrincipals ?? {}, principal) ? undefined : 'everyone';
}

/** Principals match whole: there are no partial wildcards in them. */
function naming(principals: Principals, principal: TrustedPrincipal): NamedBy | undefined {
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
