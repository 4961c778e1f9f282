// Credentials that were asked for a console sign-in become a login URL, before they count as issued: what cannot be
// signed in with is a failed exchange, and its record says so.

import { Secret } from '@sallyport/client/internal/secret';
import { SallyportError } from '../../core/errors.js';
import { partitionHosts } from '../../core/partition.js';
import type { Issue } from '../../core/ports.js';
import type { ConsoleSession, ConsoleSignin, IssuedCredentials, Target } from '../../core/types.js';
import type { Asks, StsClient } from '../sts/client.js';
import { getSigninToken } from './federation-endpoint.js';

/** Milliseconds that AWS takes a sign-in token for. */
const TOKEN_LIFE = 15 * 60 * 1000;

interface ConsoleOptions {
  readonly sts: Asks<'hasTemporaryCredentials'>;
  readonly aws: {
    /** Of roles that set none. */
    readonly region: string;
    /** URL of a federation endpoint, instead of the region's. */
    readonly signinEndpoint?: string;
  };
  /** Where AWS sends people whose console session has ended. */
  readonly issuer: string;
  now(): Date;
}

/** `issue` for every surface: orders without a console session pass through. */
export function withConsoleSignIn(issue: Issue, options: ConsoleOptions): Issue {
  return async (order) => {
    const { decision, deadline } = order;
    const { console: wanted, target, region } = decision;
    if (!wanted) return issue(order);
    const sts = options.sts.client({ ...(deadline !== undefined && { deadline }) });
    await refuseOfTemporary(target, wanted, sts);
    const issued = await issue(order);
    try {
      return {
        ...issued,
        signin: await signIn(issued, wanted, endpointOf(options.aws, region), deadline, options),
      };
    } catch (error) {
      throw ofIssued(error, issued);
    }
  };
}

/** Nobody gets the credentials, but they were issued: the record of the failure names the call, as CloudTrail does. */
function ofIssued(error: unknown, { stsRequestId: requestId }: IssuedCredentials): unknown {
  if (!(error instanceof SallyportError) || requestId === undefined) return error;
  const { code, reason, detail, retryAfter, cause } = error;
  return new SallyportError(code, { reason, detail, retryAfter, cause, sts: { requestId, sent: true } });
}

function endpointOf({ region: home, signinEndpoint }: ConsoleOptions['aws'], region = home): string {
  if (signinEndpoint !== undefined) return signinEndpoint;
  const host = partitionHosts(region)?.signinHost(region);
  if (host === undefined) throw new SallyportError('console_not_supported', { reason: 'console.partition' });
  return `https://${host}/federation`;
}

/** The rule for chains, where the broker's own identity is the first link. */
async function refuseOfTemporary(
  target: Target,
  { sessionDuration }: ConsoleSession,
  sts: Pick<StsClient, 'hasTemporaryCredentials'>,
): Promise<void> {
  if (target.operation !== 'AssumeRole' || sessionDuration === undefined) return;
  if (!(await sts.hasTemporaryCredentials())) return;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.session_duration',
    detail:
      "AWS takes no SessionDuration here, since the broker's own AWS credentials are temporary. Leave it out: the console session lasts as long as the credentials.",
  });
}

async function signIn(
  { credentials }: IssuedCredentials,
  { destination, sessionDuration }: ConsoleSession,
  endpoint: string,
  deadline: number | undefined,
  { issuer, now }: ConsoleOptions,
): Promise<ConsoleSignin> {
  const expires = Math.min(now().getTime() + TOKEN_LIFE, credentials.expiration.getTime());
  const timeoutMs = deadline === undefined ? undefined : deadline - now().getTime();
  const token = await getSigninToken(endpoint, credentials, sessionDuration, timeoutMs);
  const login = new URLSearchParams({
    Action: 'login',
    Issuer: issuer,
    Destination: destination,
    SigninToken: token.reveal(),
  });
  return { url: new Secret(`${endpoint}?${login}`), expires: new Date(expires) };
}
