// The responses of POST /. A response has the shape of the requested action, whichever operation issued the credentials.
import type { Result } from '@sallyport/sts-protocol/render';
import { StsError } from '@sallyport/sts-protocol/sts-error';
import { stsCredentials } from '../../../core/credentials-json.js';
import { ERRORS, type SallyportError } from '../../../core/errors.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import type { StsCall } from './parameters.js';

/** Members in AWS's order. A federated user becomes AssumedRoleUser: clients read the account from its ARN. */
export function renderStsResult(
  action: StsCall['action'],
  { principal, decision, issued }: ExchangeResult,
): Result {
  const { target } = decision;
  const { credentials, assumedRoleUser: role, federatedUser: user } = issued;
  const subject = action === 'AssumeRoleWithSAML' ? 'Subject' : 'SubjectFromWebIdentityToken';
  // With a token that the broker signed, the response of STS describes that token, not the caller's.
  const stsSawCallerProof =
    target.operation === action && !('webIdentity' in target && target.webIdentity === 'broker');
  return {
    ...(stsSawCallerProof ? issued.federation : { [subject]: principal.subject }),
    ...(role && { AssumedRoleUser: { AssumedRoleId: role.assumedRoleId, Arn: role.arn } }),
    ...(user && { AssumedRoleUser: { AssumedRoleId: user.federatedUserId, Arn: user.arn } }),
    Credentials: { ...stsCredentials(credentials), Expiration: credentials.expiration },
    SourceIdentity: issued.sourceIdentity,
    PackedPolicySize: issued.packedPolicySize,
  };
}

/** HTTP status by STS code; 400 for all others. SDKs retry after Throttling, IDPCommunicationError and 5xx. */
const STATUS: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InvalidClientTokenId: 403,
  MissingAuthenticationToken: 403,
  RegionDisabledException: 403,
  InternalFailure: 500,
  ServiceUnavailable: 503,
};

/** The message ends with the broker's own error code and the request id. */
export function renderStsError(error: SallyportError, requestId: string): StsError {
  const { code, detail } = error;
  const { sts } = ERRORS[code];
  const status = STATUS[sts] ?? 400;
  return new StsError(status, sts, `${detail}${stsHint(error)} (${code}, request ${requestId})`, {
    type: status >= 500 ? 'Receiver' : 'Sender',
    dispatch: sts === 'InvalidAction',
  });
}

/** Text that only callers of this surface need. */
function stsHint({ reason, members: { Roles } }: SallyportError): string {
  if (Array.isArray(Roles)) return ` Permitted roles: ${Roles.join(', ')}.`;
  // SDKs retry by themselves when STS throttles or is unavailable, and show the last response only.
  if (reason === 'proof_replayed')
    return " If the SDK retried by itself, the broker's log has the outcome of the first attempt.";
  return '';
}
