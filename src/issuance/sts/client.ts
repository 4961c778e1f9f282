// STS's operations as calls: what is asked, before it is known in which region. With region.ts the only importer of
// the AWS SDK.
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
  type STSClient,
} from '@aws-sdk/client-sts';
import { accountOfArn } from '../../core/arn.js';
import type { Credentials, Operation } from '../../core/types.js';

/** What STS can be asked: for a role, or about the broker itself. */
export type StsOperation = Operation | 'DecodeAuthorizationMessage' | 'GetCallerIdentity';

/** Who signs a call instead of the broker itself, e.g. the role before in a chain. */
export interface Signer {
  readonly credentials: Credentials;
  /** Id of their account. */
  readonly account: string;
}

/** One call of STS, ready to be made in any region. */
export interface StsCall<Answer> {
  readonly operation: StsOperation;
  /** Id of the role's account, which says in what regions STS is activated; empty for the broker's own. */
  readonly account: string;
  /** Id of the account whose quota it uses: the signer's, of an unsigned call the role's; empty for the broker's own. */
  readonly quotaAccount: string;
  /** It must not be made again where STS may have seen it. */
  readonly once: boolean;
  /** Default: the broker itself. */
  readonly as?: Signer;
  /** What is sent, an object of this call's own. */
  readonly input: object;
  send(client: STSClient): Promise<Answer>;
}

/** Makes a call. Rejects with a `SallyportError`; when the signal is aborted at once, with its reason or a better one. */
export type SendToSts = <Answer>(call: StsCall<Answer>, signal: AbortSignal) => Promise<Answer>;

/** STS over plain values, as AWS names them. Every call throws only `SallyportError`. */
export interface StsClient {
  assumeRole(input: AssumeRoleCommandInput, as?: Signer): Promise<AssumeRoleCommandOutput>;
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
}

/** What asks STS for the broker itself: a client for each time, since it is good until a deadline. */
export interface Asks<Method extends keyof StsClient> {
  client(order: object): Pick<StsClient, Method>;
}

export function clientOver(
  ask: <Answer>(call: StsCall<Answer>) => Promise<Answer>,
  hasTemporaryCredentials: StsClient['hasTemporaryCredentials'],
): StsClient {
  const about = (
    operation: StsOperation,
    {
      RoleArn,
      TokenCode,
    }: { readonly RoleArn?: string | undefined; readonly TokenCode?: string | undefined },
    quotaAccount = '',
  ) => ({
    operation,
    account: RoleArn === undefined ? '' : accountOfArn(RoleArn),
    quotaAccount,
    once: TokenCode !== undefined,
  });
  const unsigned = (operation: StsOperation, input: { readonly RoleArn: string | undefined }) =>
    about(operation, input, accountOfArn(input.RoleArn ?? ''));
  return {
    hasTemporaryCredentials,
    assumeRole: (input, as) =>
      ask({
        ...about('AssumeRole', input, as?.account),
        ...(as && { as }),
        input,
        send: (client) => client.send(new AssumeRoleCommand(input)),
      }),
    assumeRoleWithSAML: (input) =>
      ask({
        ...unsigned('AssumeRoleWithSAML', input),
        input,
        send: (client) => client.send(new AssumeRoleWithSAMLCommand(input)),
      }),
    assumeRoleWithWebIdentity: (input) =>
      ask({
        ...unsigned('AssumeRoleWithWebIdentity', input),
        input,
        send: (client) => client.send(new AssumeRoleWithWebIdentityCommand(input)),
      }),
    decodeAuthorizationMessage: (input) =>
      ask({
        ...about('DecodeAuthorizationMessage', {}),
        input,
        send: (client) => client.send(new DecodeAuthorizationMessageCommand(input)),
      }),
    getCallerIdentity: () => {
      const input = {};
      return ask({
        ...about('GetCallerIdentity', {}),
        input,
        send: (client) => client.send(new GetCallerIdentityCommand(input)),
      });
    },
    getFederationToken: (input) =>
      ask({
        ...about('GetFederationToken', {}),
        input,
        send: (client) => client.send(new GetFederationTokenCommand(input)),
      }),
    getSessionToken: (input) =>
      ask({
        ...about('GetSessionToken', input),
        input,
        send: (client) => client.send(new GetSessionTokenCommand(input)),
      }),
  };
}
