// The parameters of a sign-in to the AWS console: only what AWS supports for the role's operation, never longer than the
// role's limit, and only pages of the console.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
import { SallyportError } from '../../core/errors.js';
import { type PartitionHosts, partitionHosts } from '../../core/partition.js';
import type { ConsoleRequest, ConsoleSession, Principal, Target } from '../../core/types.js';
import type { Policy } from '../policy.js';
import type { CompiledRole } from '../roles/role.js';
import { limitDuration } from './duration-limits.js';

/** @throws SallyportError `console_not_supported`, `parameter_invalid` or `duration_exceeds_limit`. */
export function decideConsoleSession(
  policy: Pick<Policy, 'region'>,
  role: CompiledRole,
  principal: Principal,
  { destination, sessionDuration }: ConsoleRequest,
  now: Date,
): ConsoleSession {
  if (role.target.operation === 'GetSessionToken') {
    throw new SallyportError('console_not_supported', {
      reason: 'console.session_token',
      detail:
        'AWS sign-in does not accept credentials of GetSessionToken, through which this role is issued. Use them with the API, or request another role.',
    });
  }
  const region = role.region ?? policy.region;
  const partition = partitionHosts(region);
  if (!partition) throw new SallyportError('console_not_supported', { reason: 'console.partition' });
  const url = destination === undefined ? homeUrl(partition, region) : consoleUrl(destination, partition);
  if (sessionDuration === undefined) return { destination: url };
  refuseSessionDuration(role.target);
  // The limits are those of the credentials.
  const { seconds, limitedBy } = limitDuration(
    role.session.durationLimits,
    principal,
    { durationSeconds: sessionDuration },
    now,
    'SessionDuration',
  );
  return { destination: url, sessionDuration: seconds, sessionDurationLimitedBy: limitedBy };
}

const homeUrl = ({ consoleHost }: PartitionHosts, region: string) =>
  `https://${consoleHost}/console/home?region=${region}`;

/** The URL in normalized form, so that AWS sign-in, which redirects there, cannot parse it differently. */
function consoleUrl(destination: string, { consoleHost }: PartitionHosts): string {
  const url = URL.canParse(destination) ? new URL(destination) : undefined;
  const isConsole = url?.hostname === consoleHost || url?.hostname.endsWith(`.${consoleHost}`);
  if (
    url &&
    isConsole &&
    url.protocol === 'https:' &&
    url.port === '' &&
    `${url.username}${url.password}` === ''
  )
    return url.href;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.destination',
    detail: `Destination must be an https URL of ${consoleHost} or a subdomain of it. Omit it to open the home page of the console.`,
  });
}

function refuseSessionDuration(target: Target): void {
  const detail =
    target.operation === 'GetFederationToken'
      ? 'AWS does not support SessionDuration for a federated user. Send DurationSeconds instead; the console session lasts as long as the credentials.'
      : target.operation === 'AssumeRole' && target.chain.length > 0
        ? 'AWS does not support SessionDuration for a chained role. Omit it; the console session lasts as long as the credentials.'
        : undefined;
  if (detail !== undefined)
    throw new SallyportError('parameter_invalid', { reason: 'parameter.session_duration', detail });
}
