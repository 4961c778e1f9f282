// The signer of a request, with its policies and the values of its condition keys.
import type { Account, Iam, KeyHolder, Tags, User } from '../iam/model.js';
import type { PolicyDocument } from '../iam/policy/document.js';
import { sessionPolicyDocuments } from './session-policy.js';
import type { ConditionKeys, Session, SessionPrincipal } from './session-tokens.js';
import { mergeTags, pickTags } from './tags.js';

export interface Caller {
  readonly type: 'Root' | 'User' | 'AssumedRole' | 'FederatedUser';
  readonly account: string;
  /** As GetCallerIdentity returns it. */
  readonly arn: string;
  readonly userId: string;
  /** aws:PrincipalArn. For a session, the ARN of its role, with the role's path. */
  readonly principalArn: string;
  readonly user?: User;
  readonly policies: readonly PolicyDocument[];
  /** Absent if no session policy limits the session. */
  readonly sessionPolicies?: readonly PolicyDocument[];
  readonly tags: Tags;
  readonly transitiveTags: Tags;
  readonly sourceIdentity?: string;
  /** Set for session credentials. Epoch seconds. */
  readonly session?: { readonly issuedAt: number; readonly mfaAuthenticatedAt?: number };
  readonly conditionKeys: ConditionKeys;
}

const EVERYTHING: PolicyDocument = {
  version: '2012-10-17',
  statements: [{ effect: 'Allow', actions: ['*'], resources: ['*'], conditions: [] }],
};

const PLAIN = { tags: {}, transitiveTags: {}, conditionKeys: [] } as const;

export const callerOfKey = ({ account, user }: KeyHolder): Caller =>
  user ? userCaller(account, user) : rootCaller(account);

function userCaller(account: Account, user: User): Caller {
  const { arn, id, policies, tags } = user;
  return {
    ...PLAIN,
    type: 'User',
    account: account.id,
    arn,
    userId: id,
    principalArn: arn,
    user,
    policies,
    tags,
  };
}

function rootCaller({ id }: Account): Caller {
  const arn = `arn:aws:iam::${id}:root`;
  return {
    ...PLAIN,
    type: 'Root',
    account: id,
    arn,
    userId: id,
    principalArn: arn,
    policies: [EVERYTHING],
  };
}

/** Undefined if the user or role of the session does not exist anymore. Both are found by ID, not by name. */
export function callerOfSession(iam: Iam, session: Session): Caller | undefined {
  const account = iam.accounts.get(session.principal.account);
  const caller = account && callerOfPrincipal(account, session.principal);
  if (!caller) return undefined;
  const { principal, issuedAt } = session;
  const mfa = 'mfaAuthenticatedAt' in principal && { mfaAuthenticatedAt: principal.mfaAuthenticatedAt };
  return { ...caller, session: { issuedAt, ...mfa } };
}

function callerOfPrincipal(account: Account, principal: SessionPrincipal): Caller | undefined {
  switch (principal.type) {
    case 'UserSession': {
      if (principal.userId === undefined) return rootCaller(account);
      const user = [...account.users.values()].find(({ id }) => id === principal.userId);
      return user && userCaller(account, user);
    }
    case 'FederatedUser': {
      const arn = `arn:aws:sts::${account.id}:federated-user/${principal.name}`;
      const userId = `${account.id}:${principal.name}`;
      // A federated user may call no operation of STS but GetCallerIdentity, so its policies never matter here.
      return {
        ...PLAIN,
        type: 'FederatedUser',
        account: account.id,
        arn,
        userId,
        principalArn: arn,
        policies: [],
        tags: principal.tags,
      };
    }
    case 'AssumedRole':
      return roleCaller(account, principal);
  }
}

function roleCaller(
  account: Account,
  session: Extract<SessionPrincipal, { type: 'AssumedRole' }>,
): Caller | undefined {
  const role = [...account.roles.values()].find(({ id }) => id === session.roleId);
  if (!role) return undefined;
  const sessionPolicies = sessionPolicyDocuments(account, session.policy, session.policyArns);
  return {
    type: 'AssumedRole',
    account: account.id,
    arn: assumedRoleArn(account.id, role.name, session.sessionName),
    userId: `${role.id}:${session.sessionName}`,
    principalArn: role.arn,
    policies: role.policies,
    ...(sessionPolicies && { sessionPolicies }),
    tags: mergeTags(role.tags, session.tags),
    transitiveTags: pickTags(session.tags, session.transitiveTagKeys),
    ...(session.sourceIdentity !== undefined && { sourceIdentity: session.sourceIdentity }),
    conditionKeys: session.conditionKeys,
  };
}

/** The ARN of a session has the role's name without its path. */
export const assumedRoleArn = (account: string, roleName: string, sessionName: string) =>
  `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`;
