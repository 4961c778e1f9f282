// A credential provider for the AWS SDK for JavaScript v3: `credentials: fromSallyport({ url, role, token })`. One
// provider may serve any number of the SDK's clients; they ask it again before the end.

import { baseUrl } from './base-url.js';
import { type ProofText, readProof } from './proof-source.js';
import { type ProviderRequest, refreshingProvider } from './refreshing-provider.js';
import { requestCredentials } from './request-credentials.js';
import { withRetry } from './retry.js';
import type { SessionParameters } from './types.js';
import { withTimeout } from './with-timeout.js';

/** What the broker may know the program by: a JWT, or the base64 text of a SAML Response. */
type Proving =
  | { readonly token: ProofText; readonly samlResponse?: never }
  | { readonly samlResponse: ProofText; readonly token?: never };

export type FromSallyportOptions = SessionParameters &
  Proving & {
    /** Base URL of the broker: https, or http on this machine. */
    readonly url: string;
    /** Milliseconds that getting credentials may take, with all tries; default 30 s. */
    readonly timeout?: number;
  };

/** `AwsCredentialIdentity` of the SDK. */
export interface SallyportIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId?: string;
}

/** `AwsCredentialIdentityProvider` of the SDK. */
export type SallyportProvider = (asked?: ProviderRequest) => Promise<SallyportIdentity>;

/**
 * One provider is one caller's: it gives whoever asks the credentials it holds. Throws an Error if a token must not be
 * sent to that URL, or there is none. The provider rejects with a BrokerRefusal, whose message says what to do, a
 * BrokerUnreachable, or an Error about the proof. A broker that restarts is waited for.
 */
export function fromSallyport({
  url,
  token,
  samlResponse,
  timeout,
  ...parameters
}: FromSallyportOptions): SallyportProvider {
  const broker = baseUrl(url);
  // In JavaScript a variable that is not set comes this far.
  if (token === undefined && samlResponse === undefined)
    throw new Error('There is no proof. Give a token or a samlResponse.');
  const bringProof = () => (token === undefined ? readProof('saml', samlResponse) : readProof('oidc', token));
  return refreshingProvider(() =>
    withRetry(
      async (timeLeft) => {
        const began = performance.now();
        const proof = await withTimeout(timeLeft, proofIsLate, bringProof);
        const { credentials, accountId } = await requestCredentials({
          broker,
          proof,
          parameters,
          // Whole milliseconds.
          timeout: Math.max(1, Math.ceil(timeLeft - (performance.now() - began))),
        });
        return {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: credentials.secretAccessKey.reveal(),
          sessionToken: credentials.sessionToken.reveal(),
          expiration: credentials.expiration,
          ...(accountId !== undefined && { accountId }),
        };
      },
      timeout === undefined ? {} : { timeout },
    ),
  );
}

const proofIsLate = () => new Error('The proof did not come in time. Check where it comes from.');
