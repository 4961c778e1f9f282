// The words of the broker as values: proof, principal, session, decision, credentials. Every stage of the
// pipeline takes some of these and returns a new one; nothing is changed in place.
import type { Secret } from '@sallyport/client/internal/secret';
import type {
  Proof as ClientProof,
  Credentials,
  IssuerType,
  SessionParameters,
} from '@sallyport/client/internal/types';

export type { Credentials, IssuerType, SessionParameters };

/** One claim's value: JSON, as the issuer sent it. A SAML attribute is always a list of strings. */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/** Claims by their literal name, in an object without a prototype. */
export type Claims = Readonly<Record<string, ClaimValue>>;

/** An authentication request that the broker has sent for a browser, and for what. Times are seconds since the epoch. */
export interface LoginRequest {
  readonly id: string;
  /** The issuer's name in the config. */
  readonly issuer: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly parameters: SessionParameters;
}

/** What the caller sends to prove who it is. */
export interface Proof extends ClientProof {
  /** Where a browser brings the proof: the requests sent for this very browser, of which it may answer one. */
  readonly loginRequests?: readonly LoginRequest[];
}

/** The verified caller. Times are seconds since the epoch; `issuedAt` may have a fraction. */
export interface Principal {
  /** The issuer's name in the config. */
  readonly issuer: string;
  readonly type: IssuerType;
  /** `sub` of the JWT, or the NameID of the assertion. */
  readonly subject: string;
  readonly claims: Claims;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** `jti` of the JWT, or the assertion's ID. */
  readonly proofId?: string;
  /** SAML AuthnStatement SessionNotOnOrAfter: no credentials may outlive it. */
  readonly sessionNotOnOrAfter?: number;
  /** The ID of the request that was answered, of those sent for the caller's browser. */
  readonly inResponseTo?: string;
}

/** The STS operations a role can be issued through, as AWS spells them. */
export const OPERATIONS = [
  'AssumeRole',
  'AssumeRoleWithSAML',
  'AssumeRoleWithWebIdentity',
  'GetFederationToken',
  'GetSessionToken',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A role on the way to another. */
export interface ChainedRole {
  readonly roleArn: string;
  readonly externalId?: string;
}

/** An operation with what it is aimed at. */
export type Target =
  /** `chain`: roles to take on before this one, the first with the broker's own identity. */
  | ({ readonly operation: 'AssumeRole'; readonly chain: readonly ChainedRole[] } & ChainedRole)
  | { readonly operation: 'AssumeRoleWithSAML'; readonly roleArn: string; readonly principalArn: string }
  /** `webIdentity`: whose JWT goes to STS, the caller's own or one that the broker signs about the caller. */
  | {
      readonly operation: 'AssumeRoleWithWebIdentity';
      readonly roleArn: string;
      readonly webIdentity: 'caller' | 'broker';
    }
  | { readonly operation: 'GetFederationToken' }
  | { readonly operation: 'GetSessionToken' };

/** A code of an MFA device of the broker's own IAM user. */
export interface MfaCode {
  readonly serialNumber: string;
  readonly tokenCode: Secret;
}

/** Where a console sign-in is to lead, and for how long. */
export interface ConsoleRequest {
  /** A page of the AWS console; default: its home, in the role's region. */
  readonly destination?: string;
  /** Seconds that the console session may last; default: as long as the credentials. */
  readonly sessionDuration?: number;
}

/** The same, decided: sign-in takes it for this role. */
export interface ConsoleSession {
  /** An https URL of the console of the role's partition. */
  readonly destination: string;
  readonly sessionDuration?: number;
  /** With `sessionDuration`: what bounded it. */
  readonly sessionDurationLimitedBy?: DurationLimit;
}

/** A surface's request after its wire format has been parsed: the pipeline's only input. */
export interface ExchangeRequest extends SessionParameters {
  readonly requestId: string;
  /** Which surface took it, e.g. `credentials`. */
  readonly surface: string;
  readonly sourceAddress: string;
  readonly proof: Proof;
  readonly mfa?: MfaCode;
  /** What the protocol makes every caller send or need, meant or not: it counts as far as the role takes it, and is no fault. */
  readonly preferred?: Pick<SessionParameters, 'roleSessionName' | 'durationSeconds'>;
  /** Present: the caller wants to sign in to the AWS console, not the credentials. */
  readonly console?: ConsoleRequest;
  /** Milliseconds, where the caller waits less than the config permits. */
  readonly timeoutMs?: number;
}

/** What STS is asked for. Durations are seconds. */
export interface Session {
  /**
   * RoleSessionName, or Name of the federated user. For AssumeRoleWithSAML STS reads it from the assertion itself;
   * with GetSessionToken there is none.
   */
  readonly name?: string;
  readonly durationSeconds: number;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Keys of `tags` that sessions of roles taken on from this one inherit. */
  readonly transitiveTags?: readonly string[];
  readonly sourceIdentity?: string;
}

/** What bounded the credentials' lifetime. `chain`: STS gives one hour to a role that another role takes on. */
export const DURATION_LIMITS = ['request', 'role', 'chain', 'SessionNotOnOrAfter', 'proof'] as const;
export type DurationLimit = (typeof DURATION_LIMITS)[number];

/** A permitted role with everything STS needs to be asked. A refusal is a thrown `SallyportError` instead. */
export interface Decision {
  /** Its name in the config, or the ARN by which a claim names it. */
  readonly role: string;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly rolesFrom?: string;
  readonly target: Target;
  /** The region whose STS is asked, where the role sets its own. */
  readonly region?: string;
  readonly session: Session;
  /** Epoch seconds: the credentials may not outlive this. */
  readonly notAfter?: number;
  /** The id of the grant that permits it. */
  readonly grant: string;
  readonly durationLimitedBy: DurationLimit;
  /** Break-glass reason given in the request. */
  readonly reason?: string;
  /** Present: the credentials are for a console sign-in. */
  readonly console?: ConsoleSession;
  /** Ids of grants whose `when` could not be evaluated: for the metric. */
  readonly failedConditions?: readonly string[];
}

/** A permitted session, and what is needed to issue its credentials. */
export interface IssueRequest {
  readonly principal: Principal;
  readonly decision: Decision;
  readonly proof: Proof;
  readonly mfa?: MfaCode;
  /** Epoch milliseconds: the caller waits no longer. */
  readonly deadline?: number;
}

/** Who opens it within its time is signed in to the AWS console. */
export interface ConsoleSignin {
  readonly url: Secret;
  readonly expires: Date;
}

/** What STS answered. Which optional fields are there depends on the operation. */
export interface IssuedCredentials {
  readonly credentials: Credentials;
  readonly assumedRoleUser?: { readonly assumedRoleId: string; readonly arn: string };
  readonly federatedUser?: { readonly federatedUserId: string; readonly arn: string };
  readonly packedPolicySize?: number;
  readonly sourceIdentity?: string;
  /** AssumeRoleWithSAML: Subject, SubjectType, Issuer, Audience, NameQualifier; WebIdentity: SubjectFromWebIdentityToken, Provider, Audience. */
  readonly federation?: Readonly<Record<string, string>>;
  /** CloudTrail's `requestID`. */
  readonly stsRequestId?: string;
  /** `chain`: STS's hour for a role that another role takes on was less than what was decided. */
  readonly durationLimitedBy?: 'chain';
  /** Where the decision was for a console sign-in. */
  readonly signin?: ConsoleSignin;
  /** It was issued for an earlier request. `stale`: with less life left than promised, because STS cannot be asked. */
  readonly cached?: 'fresh' | 'stale';
}

/** What is known of a call of STS that failed, or in vain: for log and audit, never for the caller. */
export interface StsFailure {
  /** As STS spells it. */
  readonly code?: string;
  /** CloudTrail's `requestID`. */
  readonly requestId?: string;
  /** For DecodeAuthorizationMessage. */
  readonly encodedMessage?: string;
  /** Whether STS may have seen the call. */
  readonly sent: boolean;
}
