// GetSessionToken: temporary credentials of the broker's own IAM user, with all its permissions; with MFA if requested.
import type { IssuedCredentials, MfaCode, Session } from '../../core/types.js';
import type { Sts, StsCallOptions } from '../sts/sts.js';
import { mfaParameters, toIssuedCredentials } from './sts-response.js';

export async function getSessionToken(
  sts: Pick<Sts, 'getSessionToken'>,
  { durationSeconds }: Session,
  mfa: MfaCode | undefined,
  options: StsCallOptions,
): Promise<IssuedCredentials> {
  const input = { DurationSeconds: durationSeconds, ...mfaParameters(mfa) };
  return toIssuedCredentials(await sts.getSessionToken(input, options));
}
