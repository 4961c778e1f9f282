// A credential provider for the AWS SDK for JavaScript v3: `credentials: fromSallyport({ url, role, token })`. The SDK
// keeps what it gets and asks again before the end.
import { Secret } from '../core/secret.js';
import type { AskedFor } from '../core/types.js';
import { requestCredentials } from './request-credentials.js';

export interface FromSallyportOptions extends AskedFor {
  /** Base URL of the broker. */
  readonly url: string;
  /** The JWT, or what gets it: called for each request, so that one that has been renewed is taken. */
  readonly token: string | (() => string | Promise<string>);
}

/** `AwsCredentialIdentity` of the SDK. */
export interface SallyportIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId?: string;
}

/** The provider rejects with a BrokerRefusal, whose message says what to do, or a BrokerUnreachable. */
export function fromSallyport({
  url,
  token,
  ...asked
}: FromSallyportOptions): () => Promise<SallyportIdentity> {
  const broker = url.replace(/\/$/, '');
  return async () => {
    const jwt = typeof token === 'string' ? token : await token();
    const proof = { type: 'oidc', value: new Secret(jwt.trim()) } as const;
    const { credentials, accountId } = await requestCredentials({ broker, proof, asked });
    return {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      sessionToken: credentials.sessionToken.reveal(),
      expiration: credentials.expiration,
      ...(accountId !== undefined && { accountId }),
    };
  };
}
