// The demo's caller that knows nothing of the broker: an AWS SDK with a container credentials URL.
import type { Answer } from './get-caller-identity.js';

/** What AWS SDKs read, or why not. */
interface ContainerAnswer {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  readonly Expiration: string;
  readonly code?: string;
}

/** The request of the SDKs' container credential provider: the token is sent raw. */
export async function askAsSdk(broker: string, role: string, jwt: string): Promise<Answer> {
  const url = `${broker}/v1/container-credentials/${role}`;
  const response = await fetch(url, { headers: { authorization: jwt } });
  const { status } = response;
  const { code, Token: SessionToken, ...keys } = (await response.json()) as ContainerAnswer;
  return response.ok
    ? { Credentials: { ...keys, SessionToken } }
    : { status, ...(code !== undefined && { code }) };
}
