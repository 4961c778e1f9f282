// Requests of the demo's callers to the broker, over HTTP.

/** The response of POST /v1/credentials: credentials, or a problem document. */
export interface DemoResponse {
  readonly Credentials?: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly Expiration: string;
  };
  readonly SourceIdentity?: string;
  readonly status?: number;
  readonly code?: string;
}

/** POST /v1/credentials, with the JWT as bearer token if there is one. */
export async function requestCredentials(
  broker: string,
  body: Readonly<Record<string, unknown>>,
  jwt?: string,
): Promise<DemoResponse> {
  const response = await fetch(`${broker}/v1/credentials`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(jwt !== undefined && { authorization: `Bearer ${jwt}` }),
    },
    body: JSON.stringify(body),
  });
  return (await response.json()) as DemoResponse;
}

/** The response to the container credential provider of an AWS SDK, or a problem document. */
interface ContainerResponse {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  readonly Expiration: string;
  readonly code?: string;
}

/** The request of the SDKs' container credential provider, whose Authorization header is the token alone. */
export async function requestAsSdk(broker: string, role: string, jwt: string): Promise<DemoResponse> {
  const url = `${broker}/v1/container-credentials/${role}`;
  const response = await fetch(url, { headers: { authorization: jwt } });
  const { status } = response;
  const { code, Token: SessionToken, ...keys } = (await response.json()) as ContainerResponse;
  return response.ok
    ? { Credentials: { ...keys, SessionToken } }
    : { status, ...(code !== undefined && { code }) };
}
