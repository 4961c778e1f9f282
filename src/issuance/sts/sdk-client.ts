// The AWS SDK's STS client in one region. Signing, retries and the retry budget are the SDK's; connections are those of
// http-handler.ts. Every error is translated to a `SallyportError`.
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import type { Secret } from '@sallyport/client/internal/secret';
import { raceWithAbort } from '@sallyport/client/internal/with-timeout';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { Credentials } from '../../core/types.js';
import { createHttpHandler, type HttpLimits } from './http-handler.js';
import type { StsCall, StsInput, StsOutput } from './sts-call.js';
import { translateSignedError, translateStsError } from './translate-error.js';

export interface SdkClientOptions {
  readonly region: string;
  /** Instead of the regional endpoint. AWS_ENDPOINT_URL_STS does the same for all regions. */
  readonly endpoint?: string;
  /** Default: AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT. */
  readonly fips?: boolean;
  readonly dualStack?: boolean;
  /** The broker's own keys. Default: the SDK's credential provider chain, for signed operations only. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly sessionToken?: Secret;
  };
  readonly http: HttpLimits;
}

const MAX_ATTEMPTS = 3;

interface CallInFlight {
  readonly signal: AbortSignal;
  /** The error of the last failed attempt. */
  lastError?: unknown;
}

export class SdkClient {
  /** By input: with `cacheMiddleware`, that is all the SDK's middleware knows about a call. */
  readonly #calls = new WeakMap<object, CallInFlight>();
  /** By the SDK's HTTP request. */
  readonly #signals = new WeakMap<object, AbortSignal>();
  readonly #config: STSClientConfig;
  readonly #client: STSClient;
  readonly #clientWithoutRetries: STSClient;

  constructor({ region, endpoint, fips, dualStack, credentials, http }: SdkClientOptions) {
    this.#config = {
      region,
      ...omitUndefined({ endpoint, useFipsEndpoint: fips, useDualstackEndpoint: dualStack }),
      retryMode: 'standard',
      requestHandler: createHttpHandler(http, (request) => this.#signals.get(request)),
    };
    this.#client = this.#createClient({
      maxAttempts: MAX_ATTEMPTS,
      // Resolves the middleware stack once instead of for each call, which saves a tenth of the CPU time.
      cacheMiddleware: true,
      ...(credentials && { credentials: reveal(credentials) }),
    });
    this.#clientWithoutRetries = this.#createClient({
      maxAttempts: 1,
      credentials: this.#client.config.credentials,
    });
  }

  /** Rejects with a `SallyportError`; when the signal aborts, immediately with its reason or the last attempt's error. */
  async send<Input extends StsInput, Output extends StsOutput>(
    call: StsCall<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output> {
    const inFlight: CallInFlight = { signal };
    this.#calls.set(call.input, inFlight);
    try {
      const client = await this.#clientFor(call);
      return await raceWithAbort(signal, client.send(new call.Command(call.input)));
    } catch (error) {
      const cause = signal.aborted ? (inFlight.lastError ?? signal.reason ?? error) : error;
      throw call.operation.startsWith('AssumeRoleWith')
        ? translateStsError(cause)
        : translateSignedError(cause);
    }
  }

  /** @throws SallyportError where the broker has no credentials. */
  async hasTemporaryCredentials(): Promise<boolean> {
    try {
      return (await this.#client.config.credentials()).sessionToken !== undefined;
    } catch (error) {
      throw translateSignedError(error);
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #clientFor({
    signer,
    sendOnce,
  }: Pick<StsCall<StsInput, StsOutput>, 'signer' | 'sendOnce'>): Promise<STSClient> {
    // Calls with an MFA code are always signed by the broker itself.
    if (!signer) return sendOnce ? this.#clientWithoutRetries : this.#client;
    return this.#createClient({
      maxAttempts: MAX_ATTEMPTS,
      retryStrategy: await this.#client.config.retryStrategy(), // One retry budget for all signers.
      credentials: reveal(signer.credentials),
    });
  }

  #createClient(config: STSClientConfig): STSClient {
    const client = new STSClient({ ...this.#config, ...config });
    client.middlewareStack.add(
      (next) => async (attempt) => {
        const call = this.#calls.get(attempt.input);
        if (!call) return next(attempt);
        if (typeof attempt.request === 'object' && attempt.request !== null)
          this.#signals.set(attempt.request, call.signal);
        try {
          return await next(attempt);
        } catch (error) {
          call.lastError = error;
          throw error;
        }
      },
      { step: 'finalizeRequest', priority: 'low', name: 'trackAttempts' },
    );
    return client;
  }
}

const reveal = ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: Pick<Credentials, 'accessKeyId' | 'secretAccessKey'> & { readonly sessionToken?: Secret }) => ({
  accessKeyId,
  secretAccessKey: secretAccessKey.reveal(),
  ...(sessionToken && { sessionToken: sessionToken.reveal() }),
});
