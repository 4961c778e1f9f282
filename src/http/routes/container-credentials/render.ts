// Exchanged, or a refusal -> the JSON of the SDKs' container credential provider.

import { accountOfArn } from '../../../core/arn.js';
import { containerCredentials, containerError } from '../../../core/container-credentials.js';
import type { SallyportError } from '../../../core/errors.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';

export function renderContainerCredentials({ decision: { target }, issued }: ExchangeResult) {
  const { credentials, assumedRoleUser, federatedUser } = issued;
  const { arn } = assumedRoleUser ?? federatedUser ?? {};
  return containerCredentials(credentials, {
    accountId: arn === undefined ? undefined : accountOfArn(arn),
    roleArn: 'roleArn' in target ? target.roleArn : undefined,
  });
}

/** An SDK shows the message at best, so it has all that its reader needs. */
export function renderContainerRefusal(error: SallyportError, requestId: string) {
  const message = `${sentenceOf(error)} (${error.code}, request ${requestId})`;
  return { ...containerError(error.code, message), requestId };
}

/** Where what to do differs from the other surfaces. */
function sentenceOf({ code, detail, members: { Roles } }: SallyportError): string {
  if (code === 'proof_missing')
    return 'No token was sent. Let AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE name the file that holds the JWT.';
  if (code === 'role_ambiguous' && Array.isArray(Roles))
    return `You may have several roles. Put one of them at the end of the URL, after a slash: ${Roles.join(', ')}.`;
  return detail;
}
