// Credentials from a running broker, read strictly: what is not whole is refused, never passed on.

import { callBroker } from './call-broker.js';
import { type Fields, fieldsOf } from './fields.js';
import { Secret } from './secret.js';
import type { Credentials, Proof, SessionParameters } from './types.js';

export interface CredentialsRequest {
  /** Base URL of the broker, without a slash at its end. */
  readonly broker: string;
  readonly proof: Proof;
  readonly parameters: SessionParameters;
  /** Milliseconds; default 30 s. */
  readonly timeout?: number;
}

export interface BrokerCredentials {
  readonly credentials: Credentials;
  /** The role's name at the broker. */
  readonly role: string;
  /** Of the session or federated user; GetSessionToken has none. */
  readonly arn?: string;
  /** Of the account the ARN is in. */
  readonly accountId?: string;
}

/** Rejects with a BrokerRefusal, a BrokerUnreachable, or an Error if the answer is not a broker's. */
export async function requestCredentials({
  broker,
  proof,
  parameters,
  timeout,
}: CredentialsRequest): Promise<BrokerCredentials> {
  const { role, durationSeconds, policy, policyArns, roleSessionName, reason } = parameters;
  const answer = await callBroker({
    broker,
    path: '/v1/credentials',
    proof,
    // What is undefined is left out of the JSON.
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
  return readAnswer(answer);
}

function readAnswer(answer: unknown): BrokerCredentials {
  const { Credentials, AssumedRoleUser, FederatedUser, Sallyport } = fieldsOf(answer);
  const keys = fieldsOf(Credentials);
  const arn = fieldsOf(AssumedRoleUser ?? FederatedUser)['Arn'];
  const accountId = typeof arn === 'string' ? arn.split(':')[4] : undefined;
  const expiration = new Date(textOf(keys, 'Expiration'));
  if (Number.isNaN(expiration.getTime())) throw notOurs();
  return {
    credentials: {
      accessKeyId: textOf(keys, 'AccessKeyId'),
      secretAccessKey: new Secret(textOf(keys, 'SecretAccessKey')),
      sessionToken: new Secret(textOf(keys, 'SessionToken')),
      expiration,
    },
    role: textOf(fieldsOf(Sallyport), 'Role'),
    ...(typeof arn === 'string' && { arn }),
    ...(accountId && { accountId }),
  };
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw notOurs();
  return value;
}

const notOurs = () => new Error('The answer is not one of a Sallyport broker. Check its URL.');
