// The SDK's client of STS in one region: signing, retries and their token bucket are the SDK's own, the connections
// ours. Every failure leaves as `SallyportError`.
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import type { Secret } from '../../core/secret.js';
import type { Credentials } from '../../core/types.js';
import { untilAborted } from '../../core/within.js';
import type { Ask } from './client.js';
import { translateSignedError, translateStsError } from './errors.js';
import { createHttpHandler, type HttpLimits } from './http-handler.js';

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
  readonly ask: Ask;
  hasTemporaryCredentials(): Promise<boolean>;
  close(): void;
}

const MAX_ATTEMPTS = 3;

export function openRegion(options: RegionOptions): RegionClient {
  const { region, endpoint, fips, dualStack, credentials, http } = options;
  const shared = {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(fips !== undefined && { useFipsEndpoint: fips }),
    ...(dualStack !== undefined && { useDualstackEndpoint: dualStack }),
    retryMode: 'standard',
    requestHandler: createHttpHandler(http),
  } satisfies STSClientConfig;
  const failures: LastFailures = new WeakMap();
  const own = keepingFailures(
    failures,
    new STSClient({
      ...shared,
      maxAttempts: MAX_ATTEMPTS,
      ...(credentials && { credentials: plain(credentials) }),
    }),
  );
  const ownOnce = new STSClient({ ...shared, maxAttempts: 1, credentials: own.config.credentials });

  /** A client of other credentials, over the same connections and with the same budget of retries. */
  const signedBy = async (as: Credentials) =>
    keepingFailures(
      failures,
      new STSClient({
        ...shared,
        maxAttempts: MAX_ATTEMPTS,
        retryStrategy: await own.config.retryStrategy(),
        credentials: plain(as),
      }),
    );

  return {
    ask: async ({ operation, as, once, send }, abortSignal) => {
      try {
        // What is made once only carries an MFA code, which goes with the broker's own identity.
        const client = as ? await signedBy(as.credentials) : once ? ownOnce : own;
        return await untilAborted(abortSignal, send(client, { abortSignal }));
      } catch (error) {
        const cutOff = abortSignal.aborted && (failures.get(abortSignal) ?? abortSignal.reason);
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

/** By the signal of a call: why it had to be made again. */
type LastFailures = WeakMap<object, unknown>;

/** A call that is cut off after it has failed once has failed with what STS said then, not with its deadline. */
function keepingFailures(failures: LastFailures, client: STSClient): STSClient {
  client.middlewareStack.add(
    (next, { __smithy_context: { abortSignal } = {} }) =>
      async (request) => {
        if (!abortSignal) return next(request);
        try {
          return await next(request);
        } catch (error) {
          failures.set(abortSignal, error);
          throw error;
        }
      },
    { step: 'finalizeRequest', priority: 'low', name: 'keepFailures' },
  );
  return client;
}

const plain = ({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: NonNullable<RegionOptions['credentials']>) => ({
  accessKeyId,
  secretAccessKey: secretAccessKey.reveal(),
  ...(sessionToken && { sessionToken: sessionToken.reveal() }),
});
