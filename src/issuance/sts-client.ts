// The only importer of the AWS SDK: one `send` for every STS operation. Retries, back-off and signing are the SDK's
// own. Errors leave as `SallyportError`s, answers whole or not at all.
import {
  AssumeRoleWithSAMLCommand,
  type AssumeRoleWithSAMLCommandInput,
  type AssumeRoleWithSAMLCommandOutput,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  type AssumeRoleWithWebIdentityCommandOutput,
  GetFederationTokenCommand,
  type GetFederationTokenCommandInput,
  type GetFederationTokenCommandOutput,
  STSClient,
} from '@aws-sdk/client-sts';
import type { Secret } from '../core/secret.js';
import { translateStsError } from './sts-errors.js';

export interface StsClientOptions {
  readonly region: string;
  /** Instead of the regional endpoint; AWS_ENDPOINT_URL_STS does the same. */
  readonly endpoint?: string;
  /** The broker's own long-term keys; default: the SDK's usual sources. Unsigned operations never look for them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: Secret };
}

/** STS over plain values, as AWS names them. Every call throws only `SallyportError`. */
export interface StsClient {
  assumeRoleWithSAML(input: AssumeRoleWithSAMLCommandInput): Promise<AssumeRoleWithSAMLCommandOutput>;
  assumeRoleWithWebIdentity(
    input: AssumeRoleWithWebIdentityCommandInput,
  ): Promise<AssumeRoleWithWebIdentityCommandOutput>;
  getFederationToken(input: GetFederationTokenCommandInput): Promise<GetFederationTokenCommandOutput>;
  close(): void;
}

/** Milliseconds. The SDK tries three times at most, each within these. */
const CONNECT_TIMEOUT = 2000;
const ANSWER_TIMEOUT = 5000;

export function createStsClient({ region, endpoint, credentials }: StsClientOptions): StsClient {
  const client = new STSClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && {
      credentials: { ...credentials, secretAccessKey: credentials.secretAccessKey.reveal() },
    }),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      requestTimeout: ANSWER_TIMEOUT,
      throwOnRequestTimeout: true,
    },
  });
  return {
    assumeRoleWithSAML: (input) => translated(client.send(new AssumeRoleWithSAMLCommand(input))),
    assumeRoleWithWebIdentity: (input) =>
      translated(client.send(new AssumeRoleWithWebIdentityCommand(input))),
    getFederationToken: (input) => translated(client.send(new GetFederationTokenCommand(input))),
    close: () => client.destroy(),
  };
}

async function translated<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw translateStsError(error);
  }
}
