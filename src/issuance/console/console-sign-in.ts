// Turns issued credentials into an AWS console sign-in URL. The exchange succeeds only if that works, so its audit
// record says whether the caller could sign in.

import { Secret } from '@sallyport/client/internal/secret';
import { SallyportError } from '../../core/errors.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import { partitionHosts } from '../../core/partition.js';
import type { ConsoleSession, ConsoleSignin, IssuedCredentials, IssueRequest } from '../../core/types.js';
import type { Sts } from '../sts/sts.js';
import { getSigninToken } from './federation-endpoint.js';

/** Milliseconds for which AWS accepts a sign-in token. */
const TOKEN_LIFETIME = 15 * 60 * 1000;

export interface ConsoleSignInOptions {
  readonly sts: Pick<Sts, 'hasTemporaryCredentials'>;
  readonly aws: {
    /** For roles without a region of their own. */
    readonly region: string;
    /** URL of a federation endpoint, instead of the region's. */
    readonly signinEndpoint?: string;
  };
  /** URL that AWS links to when the console session has ended. */
  readonly issuer: string;
  now(): Date;
}

export class ConsoleSignIn {
  readonly #options: ConsoleSignInOptions;

  constructor(options: ConsoleSignInOptions) {
    this.#options = options;
  }

  /**
   * AWS sign-in accepts no SessionDuration with credentials from role chaining, and AssumeRole with temporary
   * credentials of the broker is role chaining.
   * @throws SallyportError `parameter_invalid`, or as any STS call.
   */
  async checkSessionDuration(
    { decision: { target }, deadline }: IssueRequest,
    { sessionDuration }: ConsoleSession,
  ): Promise<void> {
    if (target.operation !== 'AssumeRole' || sessionDuration === undefined) return;
    const { sts } = this.#options;
    if (!(await sts.hasTemporaryCredentials(omitUndefined({ deadline })))) return;
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.session_duration',
      detail:
        "SessionDuration is not supported, because the broker's own AWS credentials are temporary. Leave it out: the console session then lasts as long as the credentials.",
    });
  }

  /** @throws SallyportError that names the STS call, since the credentials were issued. */
  async signIn(
    { decision, deadline }: IssueRequest,
    { destination, sessionDuration }: ConsoleSession,
    { credentials, stsRequestId }: IssuedCredentials,
  ): Promise<ConsoleSignin> {
    const { aws, issuer, now } = this.#options;
    try {
      const endpoint = aws.signinEndpoint ?? federationEndpoint(decision.region ?? aws.region);
      const expires = Math.min(now().getTime() + TOKEN_LIFETIME, credentials.expiration.getTime());
      const timeoutMs = deadline === undefined ? undefined : deadline - now().getTime();
      const token = await getSigninToken(endpoint, credentials, sessionDuration, timeoutMs);
      const parameters = new URLSearchParams({
        Action: 'login',
        Issuer: issuer,
        Destination: destination,
        SigninToken: token.reveal(),
      });
      return { url: new Secret(`${endpoint}?${parameters}`), expires: new Date(expires) };
    } catch (error) {
      throw withStsRequestId(error, stsRequestId);
    }
  }
}

function federationEndpoint(region: string): string {
  const host = partitionHosts(region)?.signinHost(region);
  if (host === undefined) throw new SallyportError('console_not_supported', { reason: 'console.partition' });
  return `https://${host}/federation`;
}

/** The caller does not receive the credentials, but CloudTrail has the call that issued them: the audit record must join it. */
function withStsRequestId(error: unknown, requestId: string | undefined): unknown {
  if (!(error instanceof SallyportError) || requestId === undefined) return error;
  const { code, reason, detail, retryAfter, cause } = error;
  return new SallyportError(code, { reason, detail, retryAfter, cause, sts: { requestId, sent: true } });
}
