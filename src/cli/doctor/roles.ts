// The broker's own AWS identity, and what can be known of each role without a caller.

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
/** What is found is printed, and nothing else. */
const QUIET = {
  log: { debug: silent, info: silent, warn: silent, error: silent },
  observer: { onCall: silent, onRegionStateChange: silent },
};

type Keys = 'none' | 'long-term' | 'temporary';

/** With `tryRoles`, each AssumeRole role is assumed: STS and CloudTrail see it. */
export async function* checkRoles(
  config: Config,
  policy: Policy,
  { tryRoles }: { readonly tryRoles: boolean },
): AsyncGenerator<DoctorFinding> {
  const { finding, keys } = await examineIdentity(config, policy);
  yield finding;
  for (const role of policy.roleList) yield await examineRole(config, role, keys, tryRoles);
}

const isSigned = ({ operation }: Target) =>
  operation === 'AssumeRole' || operation === 'GetFederationToken' || operation === 'GetSessionToken';

async function examineIdentity(
  { aws, grants }: Config,
  { roleList }: Policy,
): Promise<{ readonly finding: DoctorFinding; readonly keys: Keys }> {
  const check = 'own identity';
  const needed =
    roleList.some(({ target }) => isSigned(target)) ||
    grants.some(({ permissions }) => permissions?.includes('DecodeAuthorizationMessage'));
  const sts = openSts(aws, QUIET);
  const deadline = sts.defaultDeadline();
  try {
    const { arn } = await getCallerIdentity(sts, { deadline });
    const keys = (await sts.hasTemporaryCredentials({ deadline })) ? 'temporary' : 'long-term';
    return { keys, finding: ok(check, `${arn}, with ${keys} credentials.`) };
  } catch (error) {
    const { reason, advice } = describe(error);
    const finding = needed
      ? failed(check, `STS does not know the broker (${reason}).`, advice)
      : skipped(check, `none (${reason}), and no role needs one.`);
    return { keys: 'none', finding };
  } finally {
    sts.close();
  }
}

async function examineRole(
  config: Config,
  role: CompiledRole,
  keys: Keys,
  tryRoles: boolean,
): Promise<DoctorFinding> {
  const { name, target } = role;
  const check = `role ${name}`;
  if (!isSigned(target)) return skipped(check, `${target.operation} needs the proof of a caller; not tried.`);
  if (keys === 'none') return skipped(check, 'not tried: the broker has no identity.');
  if (target.operation !== 'AssumeRole') {
    if (keys === 'long-term') return ok(check, `${target.operation} has the long-term keys it needs.`);
    const todo = 'Set aws.credentials to the keys of an IAM user, or issue the role by another operation.';
    return failed(check, `STS refuses ${target.operation} to temporary credentials.`, todo);
  }
  if (tryRoles && role.mfa !== 'required') return tryRole(check, config, role, target);
  const { maxSeconds } = role.session.durationLimits;
  if (keys === 'temporary' && maxSeconds > MAX_CHAINED_SESSION_SECONDS) {
    const message = "STS gives it 1h at most, since the broker's own credentials are temporary.";
    return warning(check, message, 'Lower session.maxDuration to 1h, or set aws.credentials.');
  }
  return skipped(
    check,
    role.mfa === 'required' ? 'needs an MFA code; not tried.' : 'not tried; --try-roles assumes it.',
  );
}

async function tryRole(
  check: string,
  { aws }: Config,
  { region = aws.region }: CompiledRole,
  target: Extract<Target, { operation: 'AssumeRole' }>,
): Promise<DoctorFinding> {
  const sts = openSts(aws, QUIET);
  const options = { region, deadline: sts.defaultDeadline() };
  try {
    const session = { name: TRIAL_NAME, durationSeconds: MIN_SESSION_SECONDS };
    const { assumedRoleUser } = await assumeRole(sts, target, session, undefined, options);
    return ok(check, `assumed as ${assumedRoleUser?.arn ?? TRIAL_NAME}; the credentials were dropped.`);
  } catch (error) {
    const { reason, advice } = describe(error);
    return failed(
      check,
      `cannot be assumed as ${TRIAL_NAME}, without tags or source identity (${reason}).`,
      advice,
    );
  } finally {
    sts.close();
  }
}

/** For the operator, where the table speaks to a caller. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  broker_credentials_invalid:
    'Check aws.credentials, or what the AWS SDK finds for this user: environment, profile, container or instance role.',
  sts_access_denied:
    "Allow sts:AssumeRole to the broker's identity, and name that identity in the role's trust policy; check externalId.",
  sts_rejected_request:
    "Check the role's ARN and MaxSessionDuration, and that the region is enabled in its account.",
};

/** By code: the text of STS itself may quote what it likes. */
function describe(error: unknown): { readonly reason: string; readonly advice: string } {
  const { code, reason } = error instanceof SallyportError ? error : new SallyportError('internal');
  return { reason, advice: ADVICE[code] ?? ERRORS[code].text };
}
