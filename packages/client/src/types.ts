// The values that a client sends and receives. The broker uses the same types.
import type { Secret } from './secret.js';

export type IssuerType = 'oidc' | 'saml';

/** Proves who the caller is: a JWT, or the base64 text of a SAML response. */
export interface Proof {
  readonly type: IssuerType;
  readonly value: Secret;
}

/** The parameters of a request that shape the credentials. */
export interface SessionParameters {
  /** A role's name in the config, or the ARN of an IAM role. Optional if the caller may have exactly one role. */
  readonly role?: string;
  readonly durationSeconds?: number;
  /** Session policy as JSON text. */
  readonly policy?: string;
  readonly policyArns?: readonly string[];
  /** Rejected unless the role's session name is taken from it. */
  readonly roleSessionName?: string;
  /** Why the caller needs the role. */
  readonly reason?: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  readonly expiration: Date;
}
