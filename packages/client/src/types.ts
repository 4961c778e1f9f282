// Types of requests and credentials. The server uses them too.
import type { Secret } from './secret.js';

export type IssuerType = 'oidc' | 'saml';

/** What proves the identity of the caller: a JWT, or the base64 text of a SAML response. */
export interface Proof {
  readonly type: IssuerType;
  readonly value: Secret;
}

/** Parameters of the credentials to request. */
export interface SessionParameters {
  /** A role's name in the config, or the ARN of an IAM role. Optional if the caller is permitted exactly one role. */
  readonly role?: string;
  readonly durationSeconds?: number;
  /** Session policy as JSON text. It narrows the permissions of the role. */
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  /** Session name. Rejected unless the role lets the caller choose it. */
  readonly roleSessionName?: string;
  /** Reason for the request, for roles that require one. Recorded in the audit log. */
  readonly reason?: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  readonly expiration: Date;
}
