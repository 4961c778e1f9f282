// Checks the AWS identity of the broker, and everything about each role that can be checked without a caller.
import { MAX_CHAINED_SESSION_SECONDS, MIN_SESSION_SECONDS } from '@sallyport/sts-protocol/constraints';
import type { Policy } from '../../authz/policy.js';
import type { CompiledRole } from '../../authz/roles/role.js';
import type { Config } from '../../config/schema/config.js';
import { ERRORS, type ErrorCode, SallyportError } from '../../core/errors.js';
import type { Target } from '../../core/types.js';
import { assumeRole } from '../../issuance/operations/assume-role.js';
import { getCallerIdentity } from '../../issuance/operations/get-caller-identity.js';
import { openSts } from '../../runtime/open-sts.js';
import { type DoctorFinding, failed, ok, skipped, warning } from './finding.js';

const TRIAL_NAME = 'sallyport-doctor';

const silent = () => {};
/** Findings are printed; nothing else is logged. */
const SILENT = {
  log: { debug: silent, info: silent, warn: silent, error: silent },
  observer: { onCall: silent, onRegionStateChange: silent },
};

/** Credentials of the broker. */
type OwnCredentials = 'none' | 'long-term' | 'temporary';

/** With `tryRoles`, each AssumeRole role is assumed, which is visible in CloudTrail. */
export async function* checkRoles(
  config: Config,
  policy: Policy,
  { tryRoles }: { readonly tryRoles: boolean },
): AsyncGenerator<DoctorFinding> {
  const { finding, own } = await checkIdentity(config, policy);
  yield finding;
  for (const role of policy.roleList) yield await checkRole(config, role, own, tryRoles);
}

const isSigned = ({ operation }: Target) =>
  operation === 'AssumeRole' || operation === 'GetFederationToken' || operation === 'GetSessionToken';

async function checkIdentity(
  { aws, grants }: Config,
  { roleList }: Policy,
): Promise<{ readonly finding: DoctorFinding; readonly own: OwnCredentials }> {
  const check = 'own identity';
  const needed =
    roleList.some(({ target }) => isSigned(target)) ||
    grants.some(({ permissions }) => permissions?.includes('DecodeAuthorizationMessage'));
  const sts = openSts(aws, SILENT);
  const deadline = sts.defaultDeadline();
  try {
    const { arn } = await getCallerIdentity(sts, { deadline });
    const own = (await sts.hasTemporaryCredentials({ deadline })) ? 'temporary' : 'long-term';
    return { own, finding: ok(check, `${arn}, with ${own} credentials.`) };
  } catch (error) {
    const { reason, advice } = explainError(error);
    const finding = needed
      ? failed(check, `STS rejects the credentials of the broker (${reason}).`, advice)
      : skipped(check, `none (${reason}); no role needs one.`);
    return { own: 'none', finding };
  } finally {
    sts.close();
  }
}

async function checkRole(
  config: Config,
  role: CompiledRole,
  own: OwnCredentials,
  tryRoles: boolean,
): Promise<DoctorFinding> {
  const { name, target } = role;
  const check = `role ${name}`;
  if (!isSigned(target))
    return skipped(check, `${target.operation} needs the proof of a caller; not tested.`);
  if (own === 'none') return skipped(check, 'the broker has no identity; not tested.');
  if (target.operation !== 'AssumeRole') {
    if (own === 'long-term')
      return ok(check, `the broker has the long-term keys that ${target.operation} needs.`);
    const todo = 'Set aws.credentials to the keys of an IAM user, or use another operation for the role.';
    return failed(check, `STS rejects ${target.operation} with temporary credentials.`, todo);
  }
  if (tryRoles && role.mfa !== 'required') return tryRole(check, config, role, target);
  const { maxSeconds } = role.session.durationLimits;
  if (own === 'temporary' && maxSeconds > MAX_CHAINED_SESSION_SECONDS) {
    const message = 'sessions last at most 1h, because the broker has temporary credentials (role chaining).';
    return warning(check, message, 'Lower session.maxDuration to 1h, or set aws.credentials.');
  }
  return skipped(
    check,
    role.mfa === 'required' ? 'needs an MFA code; not tested.' : 'not tested; use --try-roles to assume it.',
  );
}

async function tryRole(
  check: string,
  { aws }: Config,
  { region = aws.region }: CompiledRole,
  target: Extract<Target, { operation: 'AssumeRole' }>,
): Promise<DoctorFinding> {
  const sts = openSts(aws, SILENT);
  const options = { region, deadline: sts.defaultDeadline() };
  try {
    // The shortest session, because the credentials are discarded.
    const session = { name: TRIAL_NAME, durationSeconds: MIN_SESSION_SECONDS };
    const { assumedRoleUser } = await assumeRole(sts, target, session, undefined, options);
    return ok(check, `assumed as ${assumedRoleUser?.arn ?? TRIAL_NAME}; the credentials were discarded.`);
  } catch (error) {
    const { reason, advice } = explainError(error);
    return failed(
      check,
      `cannot be assumed with session name ${TRIAL_NAME} and without tags or source identity (${reason}).`,
      advice,
    );
  } finally {
    sts.close();
  }
}

/** Advice for operators. The texts of the error table are for callers. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  broker_credentials_invalid:
    'Check aws.credentials, or the credentials that the AWS SDK finds for this user: environment, profile, container or instance role.',
  sts_access_denied:
    "Allow sts:AssumeRole for the identity of the broker, and add that identity to the role's trust policy. Check externalId.",
  sts_rejected_request:
    "Check the role's ARN and MaxSessionDuration, and that the region is enabled in its account.",
};

/** Uses the reason code only: the message of STS can contain any text. */
function explainError(error: unknown): { readonly reason: string; readonly advice: string } {
  const { code, reason } = error instanceof SallyportError ? error : new SallyportError('internal');
  return { reason, advice: ADVICE[code] ?? ERRORS[code].text };
}
