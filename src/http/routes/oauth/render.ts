// What came of an exchange, as a token endpoint says it.

import { ERRORS, type SallyportError } from '../../../core/errors.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import { renderCredentials } from '../credentials/render.js';
import type { TokenAnswer, TokenRefusal } from './schema.js';

/** RFC 8693 section 2.2.1: access_token is all of the token that was asked for, whatever its type. */
export function renderToken(exchanged: ExchangeResult, requestId: string, now: Date): TokenAnswer {
  const answer = renderCredentials(exchanged, requestId);
  const left = exchanged.issued.credentials.expiration.getTime() - now.getTime();
  return {
    access_token: JSON.stringify({ Version: 1, ...answer.Credentials }),
    issued_token_type: 'urn:sallyport:params:oauth:token-type:aws-credentials',
    token_type: 'N_A',
    expires_in: Math.max(0, Math.floor(left / 1000)),
    ...answer,
  };
}

/** RFC 6749 section 5.2: 400, but for a client that would authenticate, and for what is no fault of the request. */
export function statusOf({ code }: SallyportError): number {
  const { oauth, status } = ERRORS[code];
  if (oauth === 'invalid_client') return 401;
  return status === 429 || status >= 500 ? status : 400;
}

export const renderRefusal = (
  { code, detail, members }: SallyportError,
  requestId: string,
): TokenRefusal => ({
  error: ERRORS[code].oauth,
  error_description: printable(detail),
  code,
  requestId,
  ...members,
});

/** RFC 6749 section 5.2: printable ASCII without quotation marks and backslashes. */
const printable = (text: string) =>
  text
    .replaceAll('"', "'")
    .replaceAll('…', '...')
    .replace(/[^ -~]|\\/g, '?');
