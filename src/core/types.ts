// The domain types: proof, principal, session, decision, credentials. Every stage of the pipeline takes some of these
// and returns a new one; nothing is mutated.
import type { Secret } from '@sallyport/client/internal/secret';
import type {
  Proof as ClientProof,
  Credentials,
  IssuerType,
  SessionParameters,
} from '@sallyport/client/internal/types';

export type { Credentials, IssuerType, SessionParameters };

/** The value of a claim: JSON, as the issuer sent it. A SAML attribute is always a list of strings. */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/** By literal name, in an object without a prototype. */
export type Claims = Readonly<Record<string, ClaimValue>>;

/** An authentication request that the broker sent for a browser, and the session it is for. Times are epoch seconds. */
export interface LoginRequest {
  readonly id: string;
  /** The issuer's name in the config. */
  readonly issuer: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly parameters: SessionParameters;
}

/** What the caller sends to authenticate. */
export interface Proof extends ClientProof {
  /** In a browser sign-in: the login requests sent for this browser. The proof must be the response to one of them. */
  readonly loginRequests?: readonly LoginRequest[];
}

/** The verified caller. Times are epoch seconds; `issuedAt` may have a fraction. */
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
  /** SessionNotOnOrAfter of the SAML AuthnStatement. The credentials must expire by then. */
  readonly sessionNotOnOrAfter?: number;
  /** The id of the login request that the proof answers. */
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

/** An intermediate role of a chain. */
export interface ChainedRole {
  readonly roleArn: string;
  readonly externalId?: string;
}

/** An STS operation with the IAM entities that it concerns. */
export type Target =
  /** `chain`: roles to assume before this one, the first of them with the broker's own credentials. */
  | ({ readonly operation: 'AssumeRole'; readonly chain: readonly ChainedRole[] } & ChainedRole)
  | { readonly operation: 'AssumeRoleWithSAML'; readonly roleArn: string; readonly principalArn: string }
  /** `webIdentity`: whose JWT is sent to STS, the caller's own or one that the broker signs (keyless mode). */
  | {
      readonly operation: 'AssumeRoleWithWebIdentity';
      readonly roleArn: string;
      readonly webIdentity: 'caller' | 'broker';
    }
  | { readonly operation: 'GetFederationToken' }
  | { readonly operation: 'GetSessionToken' };

/** The code that an MFA device of the broker's own IAM user shows. */
export interface MfaCode {
  readonly serialNumber: string;
  readonly tokenCode: Secret;
}

/** The console sign-in that a caller requests. */
export interface ConsoleRequest {
  /** URL of a page of the AWS console. Default: its home page in the role's region. */
  readonly destination?: string;
  /** Seconds. Default: as long as the credentials. */
  readonly sessionDuration?: number;
}

/** The console sign-in that is permitted for the role. */
export interface ConsoleSession {
  /** An https URL of the console of the role's partition. */
  readonly destination: string;
  readonly sessionDuration?: number;
  /** With `sessionDuration`: the limit that applied. */
  readonly sessionDurationLimitedBy?: DurationLimit;
}

/** A request to any route, parsed: the input of the pipeline. */
export interface ExchangeRequest extends SessionParameters {
  readonly requestId: string;
  /** The kind of route, e.g. `credentials`. */
  readonly surface: string;
  readonly sourceAddress: string;
  readonly proof: Proof;
  readonly mfa?: MfaCode;
  /** Parameters that the protocol always has, deliberate or not. A value that the role does not accept is ignored without an error. */
  readonly preferred?: Pick<SessionParameters, 'roleSessionName' | 'durationSeconds'>;
  /** Present: the caller requests an AWS console sign-in instead of credentials. */
  readonly console?: ConsoleRequest;
  /** Milliseconds, where the caller's timeout is shorter than the config's. */
  readonly timeoutMs?: number;
}

/** The parameters of the STS session. Durations are seconds. */
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
  /** Keys of `tags` that chained sessions inherit. */
  readonly transitiveTags?: readonly string[];
  readonly sourceIdentity?: string;
}

/** What limited the lifetime of the credentials. `chain`: role chaining is limited to one hour. `sts`: STS did not apply what was decided. */
export const DURATION_LIMITS = ['request', 'role', 'chain', 'SessionNotOnOrAfter', 'proof', 'sts'] as const;
export type DurationLimit = (typeof DURATION_LIMITS)[number];

/** A permitted role with everything that the STS call needs. A denial is a thrown `SallyportError` instead. */
export interface Decision {
  /** Its name in the config, or its ARN in a claim. */
  readonly role: string;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly rolesFrom?: string;
  readonly target: Target;
  /** The region whose STS is called, if the role sets one. */
  readonly region?: string;
  readonly session: Session;
  /** Epoch seconds. The credentials must expire by then. */
  readonly notAfter?: number;
  /** The id of the grant that permits it. */
  readonly grant: string;
  readonly durationLimitedBy: DurationLimit;
  /** Break-glass reason given in the request. */
  readonly reason?: string;
  /** Present: the credentials are for an AWS console sign-in. */
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

/** Anyone who opens the URL before it expires is signed in to the AWS console. */
export interface ConsoleSignin {
  readonly url: Secret;
  readonly expires: Date;
}

/** The output of an STS operation. Which optional members are present depends on the operation. */
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
  /** `chain`: STS limits role chaining to one hour, which is less than was decided. `sts`: another lifetime than was decided. */
  readonly durationLimitedBy?: 'chain' | 'sts';
  /** Present where the decision was for a console sign-in. */
  readonly signin?: ConsoleSignin;
  /** Issued for an earlier request. `stale`: less lifetime than usual is left, because STS is unavailable. */
  readonly cached?: 'fresh' | 'stale';
}

/** A failed STS call, or one whose credentials are not returned. For log and audit log, never for the caller. */
export interface StsFailure {
  /** As STS spells it. */
  readonly code?: string;
  /** CloudTrail's `requestID`. */
  readonly requestId?: string;
  /** For DecodeAuthorizationMessage. */
  readonly encodedMessage?: string;
  /** Whether STS may have received the call. */
  readonly sent: boolean;
}
