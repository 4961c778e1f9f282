// What came of an exchange, as STS says it. An answer has the shape of the action that was asked, whatever operation
// the role is issued through, and nothing in it that is not so.

import type { Result } from '@sallyport/sts-protocol/render';
import { StsError } from '@sallyport/sts-protocol/sts-error';
import { ERRORS, type SallyportError } from '../../../core/errors.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import type { StsCall } from './parameters.js';

/** In AWS's order. A federated user stands as AssumedRoleUser: clients read the account from its ARN. */
export function resultOf(action: StsCall['action'], { principal, decision, issued }: ExchangeResult): Result {
  const { target } = decision;
  const { credentials, assumedRoleUser: role, federatedUser: user } = issued;
  const subject = action === 'AssumeRoleWithSAML' ? 'Subject' : 'SubjectFromWebIdentityToken';
  // What AWS says of a token that the broker signed is not about what the caller sent.
  const proofSeen =
    target.operation === action && !('webIdentity' in target && target.webIdentity === 'broker');
  return {
    ...(proofSeen ? issued.federation : { [subject]: principal.subject }),
    ...(role && { AssumedRoleUser: { AssumedRoleId: role.assumedRoleId, Arn: role.arn } }),
    ...(user && { AssumedRoleUser: { AssumedRoleId: user.federatedUserId, Arn: user.arn } }),
    Credentials: {
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey.reveal(),
      SessionToken: credentials.sessionToken.reveal(),
      Expiration: credentials.expiration,
    },
    SourceIdentity: issued.sourceIdentity,
    PackedPolicySize: issued.packedPolicySize,
  };
}

/** AWS's HTTP status of a code; 400 for all others. SDKs try again after Throttling, IDPCommunicationError and 5xx. */
const STATUS: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InvalidClientTokenId: 403,
  MissingAuthenticationToken: 403,
  RegionDisabledException: 403,
  InternalFailure: 500,
  ServiceUnavailable: 503,
};

/** The message says what to do; then come the broker's own code, and the id that the operator finds the cause under. */
export function faultOf(error: SallyportError, requestId: string): StsError {
  const { code, detail } = error;
  const { sts } = ERRORS[code];
  const status = STATUS[sts] ?? 400;
  return new StsError(status, sts, `${detail}${moreFor(error)} (${code}, request ${requestId})`, {
    type: status >= 500 ? 'Receiver' : 'Sender',
    dispatch: sts === 'InvalidAction',
  });
}

/** What only callers of STS have to be told. */
function moreFor({ reason, members: { Roles } }: SallyportError): string {
  if (Array.isArray(Roles)) return ` Your roles: ${Roles.join(', ')}.`;
  // SDKs do so unasked where STS is throttled or away, and show the last answer alone.
  if (reason === 'proof_replayed')
    return " If your SDK has sent it again by itself, the broker's log says what came of it first.";
  return '';
}
