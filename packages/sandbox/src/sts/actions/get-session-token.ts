// GetSessionToken: temporary credentials with the user's own permissions, with MFA if provided. It needs no permission.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html

import type { ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import type { SignedCall } from '../call.js';
import { accessDenied } from '../errors.js';
import { mfaAuthenticatedAt } from '../mfa.js';
import { userSessionDuration } from '../user-session.js';

export function getSessionToken(call: SignedCall<ParametersOf<'GetSessionToken'>>): Result {
  const { parameters, caller, now } = call;
  if (caller.session) throw accessDenied('Cannot call GetSessionToken with session credentials');
  const mfa = mfaAuthenticatedAt(parameters, caller, now);
  const credentials = call.tokens.issue(
    {
      type: 'UserSession',
      account: caller.account,
      ...(caller.user && { userId: caller.user.id }),
      ...(mfa !== undefined && { mfaAuthenticatedAt: mfa }),
    },
    userSessionDuration(parameters.DurationSeconds, caller),
    now,
  );
  return { Credentials: { ...credentials } };
}
