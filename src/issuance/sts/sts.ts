// AWS STS over all configured regions. Start reading at `Sts.assumeRole`: a call goes through the failover of regions
// (failover.ts), then in one region through the bulkhead, the circuit breakers and the metrics (regional-sts.ts), and
// then to the SDK, which signs and retries (sdk-client.ts).
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
} from '@aws-sdk/client-sts';
import { withTimeout } from '@sallyport/client/internal/with-timeout';
import { accountOfArn } from '../../core/arn.js';
import { deadlineExceeded, sendWithFailover } from './failover.js';
import { RegionalSts, type RegionalStsOptions, type RegionState } from './regional-sts.js';
import type { Signer, StsCall, StsInput, StsOutput } from './sts-call.js';

export interface StsOptions extends Omit<RegionalStsOptions, 'endpoint'> {
  /** Tried in this order where `region` is unavailable. */
  readonly failoverRegions?: readonly string[];
  /** By region, instead of the regional endpoint. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Default time for a call, milliseconds. */
  readonly deadlineMs: number;
}

export interface StsCallOptions {
  /** Only this region is called. Default: the configured regions, with failover. */
  readonly region?: string;
  /** Epoch milliseconds. */
  readonly deadline?: number;
  /** Default: the broker's own credentials. */
  readonly signer?: Signer;
}

/** Inputs and outputs are as AWS names them. Every method throws only `SallyportError`. */
export class Sts {
  readonly #options: StsOptions;
  readonly #regions: readonly RegionalSts[];
  /** Includes regions of roles that have one of their own. */
  readonly #regionByName = new Map<string, RegionalSts>();

  constructor(options: StsOptions) {
    this.#options = options;
    const { region, failoverRegions = [] } = options;
    this.#regions = [region, ...failoverRegions].map((name) => this.#openRegion(name));
  }

  assumeRole(input: AssumeRoleCommandInput, options: StsCallOptions = {}): Promise<AssumeRoleCommandOutput> {
    const { RoleArn = '', TokenCode } = input;
    return this.#send(
      {
        operation: 'AssumeRole',
        Command: AssumeRoleCommand,
        input,
        account: accountOfArn(RoleArn),
        quotaAccount: options.signer?.account ?? '',
        sendOnce: TokenCode !== undefined,
        signer: options.signer,
      },
      options,
    );
  }

  assumeRoleWithSAML(
    input: AssumeRoleWithSAMLCommandInput,
    options?: StsCallOptions,
  ): Promise<AssumeRoleWithSAMLCommandOutput> {
    const account = accountOfArn(input.RoleArn ?? '');
    return this.#send(
      {
        operation: 'AssumeRoleWithSAML',
        Command: AssumeRoleWithSAMLCommand,
        input,
        ...unsigned(account),
      },
      options,
    );
  }

  assumeRoleWithWebIdentity(
    input: AssumeRoleWithWebIdentityCommandInput,
    options?: StsCallOptions,
  ): Promise<AssumeRoleWithWebIdentityCommandOutput> {
    const account = accountOfArn(input.RoleArn ?? '');
    return this.#send(
      {
        operation: 'AssumeRoleWithWebIdentity',
        Command: AssumeRoleWithWebIdentityCommand,
        input,
        ...unsigned(account),
      },
      options,
    );
  }

  getFederationToken(
    input: GetFederationTokenCommandInput,
    options?: StsCallOptions,
  ): Promise<GetFederationTokenCommandOutput> {
    return this.#send(
      { operation: 'GetFederationToken', Command: GetFederationTokenCommand, input, ...SIGNED_BY_BROKER },
      options,
    );
  }

  getSessionToken(
    input: GetSessionTokenCommandInput,
    options?: StsCallOptions,
  ): Promise<GetSessionTokenCommandOutput> {
    return this.#send(
      {
        operation: 'GetSessionToken',
        Command: GetSessionTokenCommand,
        input,
        ...SIGNED_BY_BROKER,
        sendOnce: input.TokenCode !== undefined,
      },
      options,
    );
  }

  decodeAuthorizationMessage(
    input: DecodeAuthorizationMessageCommandInput,
    options?: StsCallOptions,
  ): Promise<DecodeAuthorizationMessageCommandOutput> {
    return this.#send(
      {
        operation: 'DecodeAuthorizationMessage',
        Command: DecodeAuthorizationMessageCommand,
        input,
        ...SIGNED_BY_BROKER,
      },
      options,
    );
  }

  getCallerIdentity(options?: StsCallOptions): Promise<GetCallerIdentityCommandOutput> {
    return this.#send(
      {
        operation: 'GetCallerIdentity',
        Command: GetCallerIdentityCommand,
        input: {},
        ...SIGNED_BY_BROKER,
      },
      options,
    );
  }

  /** Whether the broker's own credentials are those of a session: STS then limits the roles that it assumes. */
  hasTemporaryCredentials({
    region = this.#options.region,
    deadline = this.defaultDeadline(),
  }: Pick<StsCallOptions, 'region' | 'deadline'> = {}): Promise<boolean> {
    return withTimeout(
      deadline - this.#options.now(),
      () => deadlineExceeded(false),
      () => this.#openRegion(region).hasTemporaryCredentials(),
    );
  }

  /** For a call that starts now, or several calls for one request. */
  defaultDeadline(): number {
    return this.#options.now() + this.#options.deadlineMs;
  }

  /** The circuit breaker states of the configured regions, and of role regions called so far. */
  regionStates(): Readonly<Record<string, RegionState>> {
    return Object.fromEntries([...this.#regionByName].map(([name, { state }]) => [name, state]));
  }

  close(): void {
    for (const region of this.#regionByName.values()) region.close();
  }

  #send<Input extends StsInput, Output extends StsOutput>(
    call: StsCall<Input, Output>,
    { region, deadline = this.defaultDeadline() }: StsCallOptions = {},
  ): Promise<Output> {
    const regions = region === undefined ? this.#regions : [this.#openRegion(region)];
    return sendWithFailover(call, { regions, deadline, now: this.#options.now });
  }

  #openRegion(name: string): RegionalSts {
    const open = this.#regionByName.get(name);
    if (open) return open;
    const endpoint = this.#options.endpoints?.[name];
    const region = new RegionalSts({
      ...this.#options,
      region: name,
      ...(endpoint !== undefined && { endpoint }),
    });
    this.#regionByName.set(name, region);
    return region;
  }
}

const SIGNED_BY_BROKER = { account: '', quotaAccount: '', sendOnce: false, signer: undefined } as const;

/** Calls without a signature use the quota of the role's account. */
const unsigned = (account: string) => ({
  account,
  quotaAccount: account,
  sendOnce: false,
  signer: undefined,
});
