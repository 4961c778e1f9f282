// The credential provider for the AWS SDK for JavaScript v3: `credentials: fromSallyport({ url, role, token })`. One
// provider can serve several SDK clients.
import { type ProofText, readProof } from './proof-source.js';
import { type ProviderRequest, refreshingProvider } from './refreshing-provider.js';
import { requestCredentials } from './request-credentials.js';
import { withRetry } from './retry.js';
import { parseBrokerUrl } from './secure-url.js';
import type { SessionParameters } from './types.js';
import { withTimeout } from './with-timeout.js';

/** The proof that identifies the program: a JWT, or the base64 text of a SAML response. */
type ProofOption =
  | { readonly token: ProofText; readonly samlResponse?: never }
  | { readonly samlResponse: ProofText; readonly token?: never };

export type FromSallyportOptions = SessionParameters &
  ProofOption & {
    /** Base URL of the broker: https, or http on a loopback address. */
    readonly url: string;
    /** Milliseconds for reading the proof and fetching credentials, including retries; default 30 s. */
    readonly timeout?: number;
  };

/** Compatible with `AwsCredentialIdentity` of the SDK. */
export interface SallyportIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId?: string;
}

/** Compatible with `AwsCredentialIdentityProvider` of the SDK. */
export type SallyportProvider = (request?: ProviderRequest) => Promise<SallyportIdentity>;

/**
 * Creates a provider for one caller: everyone who calls it shares its credentials. Throws an Error if the URL is not
 * secure or no proof is configured. The provider rejects with a BrokerRefusal, a BrokerUnreachable, or an Error about
 * the proof. It retries while the broker is unavailable.
 */
export function fromSallyport({
  url,
  token,
  samlResponse,
  timeout,
  ...parameters
}: FromSallyportOptions): SallyportProvider {
  const broker = parseBrokerUrl(url);
  // JavaScript programs can pass an environment variable that is not set.
  if (token === undefined && samlResponse === undefined)
    throw new Error('No proof is configured. Set token or samlResponse.');
  const readProofOption = () =>
    token === undefined ? readProof('saml', samlResponse) : readProof('oidc', token);
  const fetchIdentity = async (timeLeft: number): Promise<SallyportIdentity> => {
    const startedAt = performance.now();
    const proof = await withTimeout(timeLeft, proofTimeout, readProofOption);
    const { credentials, accountId } = await requestCredentials({
      broker,
      proof,
      parameters,
      timeout: Math.max(1, Math.ceil(timeLeft - (performance.now() - startedAt))),
    });
    return {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      sessionToken: credentials.sessionToken.reveal(),
      expiration: credentials.expiration,
      ...(accountId !== undefined && { accountId }),
    };
  };
  return refreshingProvider(() => withRetry(fetchIdentity, timeout === undefined ? {} : { timeout }));
}

const proofTimeout = () => new Error('Reading the proof timed out. Check its source.');
