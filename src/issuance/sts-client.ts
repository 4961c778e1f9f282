// The only importer of the AWS SDK: one `send` for every STS operation. Retries, back-off and signing are the SDK's
// own. Errors leave as `SallyportError`s, answers whole or not at all.
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  AssumeRoleWithSAMLCommand,
  type AssumeRoleWithSAMLCommandInput,
  type AssumeRoleWithSAMLCommandOutput,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  type AssumeRoleWithWebIdentityCommandOutput,
  DecodeAuthorizationMessageCommand,
  type DecodeAuthorizationMessageCommandInput,
  type DecodeAuthorizationMessageCommandOutput,
  GetCallerIdentityCommand,
  type GetCallerIdentityCommandOutput,
  GetFederationTokenCommand,
  type GetFederationTokenCommandInput,
  type GetFederationTokenCommandOutput,
  GetSessionTokenCommand,
  type GetSessionTokenCommandInput,
  type GetSessionTokenCommandOutput,
  STSClient,
} from '@aws-sdk/client-sts';
import type { Secret } from '../core/secret.js';
import type { Credentials } from '../core/types.js';
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
  /** `as`: whose credentials sign the call, e.g. those of the role before in a chain; default: the broker's own. */
  assumeRole(input: AssumeRoleCommandInput, as?: Credentials): Promise<AssumeRoleCommandOutput>;
  assumeRoleWithSAML(input: AssumeRoleWithSAMLCommandInput): Promise<AssumeRoleWithSAMLCommandOutput>;
  assumeRoleWithWebIdentity(
    input: AssumeRoleWithWebIdentityCommandInput,
  ): Promise<AssumeRoleWithWebIdentityCommandOutput>;
  decodeAuthorizationMessage(
    input: DecodeAuthorizationMessageCommandInput,
  ): Promise<DecodeAuthorizationMessageCommandOutput>;
  getCallerIdentity(): Promise<GetCallerIdentityCommandOutput>;
  getFederationToken(input: GetFederationTokenCommandInput): Promise<GetFederationTokenCommandOutput>;
  getSessionToken(input: GetSessionTokenCommandInput): Promise<GetSessionTokenCommandOutput>;
  /** Whether the broker's own identity is a session itself: STS then limits what it takes on. */
  hasTemporaryCredentials(): Promise<boolean>;
  close(): void;
}

/** Milliseconds. The SDK tries three times at most, each within these. */
const CONNECT_TIMEOUT = 2000;
const ANSWER_TIMEOUT = 5000;

export function createStsClient({ region, endpoint, credentials }: StsClientOptions): StsClient {
  const shared = { region, ...(endpoint !== undefined && { endpoint }), maxAttempts: 3 };
  const client = new STSClient({
    ...shared,
    ...(credentials && {
      credentials: { ...credentials, secretAccessKey: credentials.secretAccessKey.reveal() },
    }),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      requestTimeout: ANSWER_TIMEOUT,
      throwOnRequestTimeout: true,
    },
  });
  /** A client of other credentials over the same connections. */
  const signedBy = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) =>
    new STSClient({
      ...shared,
      credentials: {
        accessKeyId,
        secretAccessKey: secretAccessKey.reveal(),
        sessionToken: sessionToken.reveal(),
      },
      requestHandler: client.config.requestHandler,
    });
  return {
    assumeRole: (input, as) => translated((as ? signedBy(as) : client).send(new AssumeRoleCommand(input))),
    assumeRoleWithSAML: (input) => translated(client.send(new AssumeRoleWithSAMLCommand(input))),
    assumeRoleWithWebIdentity: (input) =>
      translated(client.send(new AssumeRoleWithWebIdentityCommand(input))),
    decodeAuthorizationMessage: (input) =>
      translated(client.send(new DecodeAuthorizationMessageCommand(input))),
    getCallerIdentity: () => translated(client.send(new GetCallerIdentityCommand({}))),
    getFederationToken: (input) => translated(client.send(new GetFederationTokenCommand(input))),
    getSessionToken: (input) => translated(client.send(new GetSessionTokenCommand(input))),
    hasTemporaryCredentials: async () => {
      const identity = await translated(client.config.credentials());
      return identity.sessionToken !== undefined;
    },
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
