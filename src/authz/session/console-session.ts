// What a sign-in to the AWS console is given: only what AWS takes for the role's operation, never longer than the role,
// and never a page that is not the console's.
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
        'AWS sign-in takes no credentials of GetSessionToken, by which this role is issued. Use them with the API, or choose a role of another operation.',
    });
  }
  const region = role.region ?? policy.region;
  const partition = partitionHosts(region);
  if (!partition) throw new SallyportError('console_not_supported', { reason: 'console.partition' });
  const page = destination === undefined ? home(partition, region) : consolePage(destination, partition);
  if (sessionDuration === undefined) return { destination: page };
  refuseSessionDuration(role.target);
  // The console session is the credentials' again under another name: the same bounds hold.
  const asked = { durationSeconds: sessionDuration };
  const { seconds, limitedBy } = limitDuration(
    role.session.durationLimits,
    principal,
    asked,
    now,
    'SessionDuration',
  );
  return { destination: page, sessionDuration: seconds, sessionDurationLimitedBy: limitedBy };
}

const home = ({ consoleHost }: PartitionHosts, region: string) =>
  `https://${consoleHost}/console/home?region=${region}`;

/** The URL as parsers agree on it: sign-in redirects there, so nothing else may be meant. */
function consolePage(destination: string, { consoleHost }: PartitionHosts): string {
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
    detail: `Destination must be an https URL at ${consoleHost} or below it. Send one, or leave it out for the console's home.`,
  });
}

function refuseSessionDuration(target: Target): void {
  const detail =
    target.operation === 'GetFederationToken'
      ? 'AWS takes no SessionDuration for a federated user. Send DurationSeconds instead: the console session lasts as long as the credentials.'
      : target.operation === 'AssumeRole' && target.chain.length > 0
        ? 'AWS takes no SessionDuration for a role at the end of a chain. Leave it out: the console session lasts as long as the credentials.'
        : undefined;
  if (detail !== undefined)
    throw new SallyportError('parameter_invalid', { reason: 'parameter.session_duration', detail });
}
