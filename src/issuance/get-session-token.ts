// GetSessionToken: the broker's own IAM user on temporary credentials, with all its permissions; with MFA if given.
import type { Issued, MfaCode, Session } from '../core/types.js';
import { issuedFrom, mfaParameters } from './answer.js';
import type { StsClient } from './sts/client.js';

export async function getSessionToken(
  sts: StsClient,
  { durationSeconds }: Session,
  mfa: MfaCode | undefined,
): Promise<Issued> {
  return issuedFrom(await sts.getSessionToken({ DurationSeconds: durationSeconds, ...mfaParameters(mfa) }));
}
