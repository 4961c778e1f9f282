// The words of the broker as values: proof, principal, session, decision, credentials. Every stage of the
// pipeline takes some of these and returns a new one; nothing is changed in place.
import type { Secret } from './secret.js';

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

export type IssuerType = 'oidc' | 'saml';

/** What of a request shapes the credentials. In a browser it is said before there is a proof. */
export interface Asked {
  /** A role's name in the config, or the ARN of one that a claim names; absent means "the one I may have". */
  readonly role?: string;
  readonly durationSeconds?: number;
  /** Session policy as JSON text. */
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  /** Why the role is needed. */
  readonly reason?: string;
}

/** An authentication request that the broker has sent for a browser, and for what. Times are seconds since the epoch. */
export interface SentRequest {
  readonly id: string;
  /** The issuer's name in the config. */
  readonly issuer: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly asked: Asked;
}

/** What the caller sends to prove who it is: a JWT, or the base64 text of a SAML Response. */
export interface Proof {
  readonly type: IssuerType;
  readonly value: Secret;
  /** Where a browser brings the proof: the requests sent for this very browser, of which it may answer one. */
  readonly sentRequests?: readonly SentRequest[];
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
export const OPERATIONS = ['AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'GetFederationToken'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** An operation with what it is aimed at. */
export type Target =
  | { readonly operation: 'AssumeRoleWithSAML'; readonly roleArn: string; readonly principalArn: string }
  | { readonly operation: 'AssumeRoleWithWebIdentity'; readonly roleArn: string }
  | { readonly operation: 'GetFederationToken' };

/** A surface's request after its wire format has been parsed: the pipeline's only input. */
export interface ExchangeRequest extends Asked {
  readonly requestId: string;
  /** Which surface took it, e.g. `credentials`. */
  readonly surface: string;
  readonly sourceAddress: string;
  readonly proof: Proof;
}

/** What STS is asked for. Durations are seconds. */
export interface Session {
  /** RoleSessionName, or Name of the federated user. For AssumeRoleWithSAML STS reads it from the assertion itself. */
  readonly name: string;
  readonly durationSeconds: number;
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

/** What bounded the credentials' lifetime. */
export type DurationLimit = 'request' | 'role' | 'SessionNotOnOrAfter';

/** A permitted role with everything STS needs to be asked. A refusal is a thrown `SallyportError` instead. */
export interface Decision {
  /** Its name in the config, or the ARN by which a claim names it. */
  readonly role: string;
  /** For a role that a claim names: the entry of `rolesFrom` that accepts it. */
  readonly rolesFrom?: string;
  readonly target: Target;
  readonly session: Session;
  /** The id of the grant that permits it. */
  readonly grant: string;
  readonly durationLimitedBy: DurationLimit;
  /** Break-glass reason given in the request. */
  readonly reason?: string;
  /** Ids of grants whose `when` could not be evaluated: for the metric. */
  readonly failedConditions?: readonly string[];
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  readonly expiration: Date;
}

/** What STS answered. Which optional fields are there depends on the operation. */
export interface Issued {
  readonly credentials: Credentials;
  readonly assumedRoleUser?: { readonly assumedRoleId: string; readonly arn: string };
  readonly federatedUser?: { readonly federatedUserId: string; readonly arn: string };
  readonly packedPolicySize?: number;
  readonly sourceIdentity?: string;
  /** AssumeRoleWithSAML: Subject, SubjectType, Issuer, Audience, NameQualifier; WebIdentity: SubjectFromWebIdentityToken, Provider, Audience. */
  readonly federation?: Readonly<Record<string, string>>;
  /** CloudTrail's `requestID`. */
  readonly stsRequestId?: string;
}
