// The SDK's client of STS in one region: signing, retries and their token bucket are the SDK's own, the connections
// ours. Every failure leaves as `SallyportError`.
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import type { Secret } from '@sallyport/client/internal/secret';
import { raceWithAbort } from '@sallyport/client/internal/with-timeout';
import type { Credentials } from '../../core/types.js';
import type { SendToSts } from './client.js';
import { createHttpHandler, type HttpLimits } from './http-handler.js';
import { translateSignedError, translateStsError } from './translate-error.js';

export interface RegionOptions {
  readonly region: string;
  /** Instead of the regional endpoint; AWS_ENDPOINT_URL_STS does the same for all regions. */
  readonly endpoint?: string;
  /** Absent: as AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT say. */
  readonly fips?: boolean;
  readonly dualStack?: boolean;
  /** The broker's own keys; default: the SDK's usual sources. Unsigned operations never look for them. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly sessionToken?: Secret;
  };
  readonly http: HttpLimits;
}

export interface RegionClient {
  readonly ask: SendToSts;
  hasTemporaryCredentials(): Promise<boolean>;
  close(): void;
}

const MAX_ATTEMPTS = 3;

/** A call under way, found by its input: the SDK's layers know no more of it once they are put together for all calls. */
interface Call {
  readonly signal: AbortSignal;
  /** Why it had to be made again. */
  failure?: unknown;
}

export function openRegion(options: RegionOptions): RegionClient {
  const { region, endpoint, fips, dualStack, credentials, http } = options;
  const calls = new WeakMap<object, Call>();
  const signals = new WeakMap<object, AbortSignal>();

  /** Each attempt ends with its call, and a call that is cut off after it has failed once has failed with what STS said then. */
  const attending = (client: STSClient): STSClient => {
    client.middlewareStack.add(
      (next) => async (attempt) => {
        const call = calls.get(attempt.input);
        if (!call) return next(attempt);
        if (isObject(attempt.request)) signals.set(attempt.request, call.signal);
        try {
          return await next(attempt);
        } catch (error) {
          call.failure = error;
          throw error;
        }
      },
      { step: 'finalizeRequest', priority: 'low', name: 'attend' },
    );
    return client;
  };

  const shared = {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(fips !== undefined && { useFipsEndpoint: fips }),
    ...(dualStack !== undefined && { useDualstackEndpoint: dualStack }),
    retryMode: 'standard',
    requestHandler: createHttpHandler(http, (request) => signals.get(request)),
  } satisfies STSClientConfig;
  const own = attending(
    new STSClient({
      ...shared,
      maxAttempts: MAX_ATTEMPTS,
      // Its layers are put together once, not for each call: a tenth of what a call costs.
      cacheMiddleware: true,
      ...(credentials && { credentials: plain(credentials) }),
    }),
  );
  const ownOnce = attending(
    new STSClient({ ...shared, maxAttempts: 1, credentials: own.config.credentials }),
  );

  /** A client of other credentials, over the same connections and with the same budget of retries. */
  const signedBy = async (as: Credentials) =>
    attending(
      new STSClient({
        ...shared,
        maxAttempts: MAX_ATTEMPTS,
        retryStrategy: await own.config.retryStrategy(),
        credentials: plain(as),
      }),
    );

  return {
    ask: async ({ operation, as, once, input, send }, signal) => {
      const call: Call = { signal };
      calls.set(input, call);
      try {
        // What is made once only carries an MFA code, which goes with the broker's own identity.
        const client = as ? await signedBy(as.credentials) : once ? ownOnce : own;
        return await raceWithAbort(signal, send(client));
      } catch (error) {
        const cutOff = signal.aborted && (call.failure ?? signal.reason);
        const translate = operation.startsWith('AssumeRoleWith') ? translateStsError : translateSignedError;
        throw translate(cutOff || error);
      }
    },
    hasTemporaryCredentials: async () => {
      try {
        return (await own.config.credentials()).sessionToken !== undefined;
      } catch (error) {
        throw translateSignedError(error);
      }
    },
    close: () => own.destroy(),
  };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const plain = ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: NonNullable<RegionOptions['credentials']>) => ({
  accessKeyId,
  secretAccessKey: secretAccessKey.reveal(),
  ...(sessionToken && { sessionToken: sessionToken.reveal() }),
});
