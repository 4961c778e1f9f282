// GetSessionToken: the broker's own IAM user on temporary credentials, with all its permissions; with MFA if given.
import type { IssuedCredentials, MfaCode, Session } from '../../core/types.js';
import type { StsClient } from '../sts/client.js';
import { mfaParameters, toIssuedCredentials } from './sts-response.js';

export async function getSessionToken(
  sts: StsClient,
  { durationSeconds }: Session,
  mfa: MfaCode | undefined,
): Promise<IssuedCredentials> {
  return toIssuedCredentials(
    await sts.getSessionToken({ DurationSeconds: durationSeconds, ...mfaParameters(mfa) }),
  );
}
