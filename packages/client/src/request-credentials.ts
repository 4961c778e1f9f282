// POST /v1/credentials. The response is validated: incomplete credentials are an error.
import { callBroker, notABroker } from './call-broker.js';
import { Secret } from './secret.js';
import type { Credentials, Proof, SessionParameters } from './types.js';

export interface CredentialsRequest {
  /** Base URL of the broker, without a trailing slash. */
  readonly broker: string;
  readonly proof: Proof;
  readonly parameters: SessionParameters;
  /** Milliseconds; default 30 s. */
  readonly timeout?: number;
}

export interface BrokerCredentials {
  readonly credentials: Credentials;
  /** Name of the role in the broker's config. */
  readonly role: string;
  /** ARN of the session or federated user. GetSessionToken returns none. */
  readonly arn?: string;
  /** Account of the ARN. */
  readonly accountId?: string;
}

/** Rejects with a BrokerRefusal, a BrokerUnreachable, or an Error if the response does not come from a broker. */
export async function requestCredentials({
  broker,
  proof,
  parameters,
  timeout,
}: CredentialsRequest): Promise<BrokerCredentials> {
  const { role, durationSeconds, policy, policyArns, roleSessionName, reason } = parameters;
  const response = await callBroker({
    broker,
    path: '/v1/credentials',
    proof,
    // JSON.stringify omits undefined members.
    body: {
      Role: role,
      DurationSeconds: durationSeconds,
      Policy: policy,
      PolicyArns: policyArns,
      RoleSessionName: roleSessionName,
      Reason: reason,
    },
    ...(timeout !== undefined && { timeout }),
  });
  return parseCredentials(response);
}

function parseCredentials(response: unknown): BrokerCredentials {
  const { Credentials, AssumedRoleUser, FederatedUser, Sallyport } = fieldsOf(response);
  const keys = fieldsOf(Credentials);
  const arn = fieldsOf(AssumedRoleUser ?? FederatedUser)['Arn'];
  const accountId = typeof arn === 'string' ? arn.split(':')[4] : undefined;
  const expiration = new Date(requiredText(keys, 'Expiration'));
  if (Number.isNaN(expiration.getTime())) throw notABroker();
  return {
    credentials: {
      accessKeyId: requiredText(keys, 'AccessKeyId'),
      secretAccessKey: new Secret(requiredText(keys, 'SecretAccessKey')),
      sessionToken: new Secret(requiredText(keys, 'SessionToken')),
      expiration,
    },
    role: requiredText(fieldsOf(Sallyport), 'Role'),
    ...(typeof arn === 'string' && { arn }),
    ...(accountId && { accountId }),
  };
}

export type Fields = Readonly<Record<string, unknown>>;

/** The members of untrusted JSON. A value that is not an object has none. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

function requiredText(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw notABroker();
  return value;
}
