// The responses of POST /oauth/token.
import { ERRORS, type SallyportError } from '../../../core/errors.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import { renderCredentials } from '../credentials/render.js';
import { AWS_CREDENTIALS, type TokenError, type TokenResponse } from './schema.js';

/** RFC 8693 section 2.2.1: access_token holds the issued token of any type. */
export function renderToken(result: ExchangeResult, requestId: string, now: Date): TokenResponse {
  const response = renderCredentials(result, requestId);
  const remaining = result.issued.credentials.expiration.getTime() - now.getTime();
  return {
    access_token: JSON.stringify({ Version: 1, ...response.Credentials }),
    issued_token_type: AWS_CREDENTIALS,
    token_type: 'N_A',
    expires_in: Math.max(0, Math.floor(remaining / 1000)),
    ...response,
  };
}

/** RFC 6749 section 5.2: 400, except for client authentication and for errors that are not the client's. */
export function statusOf({ code }: SallyportError): number {
  const { oauth, status } = ERRORS[code];
  if (oauth === 'invalid_client') return 401;
  return status === 429 || status >= 500 ? status : 400;
}

export const renderError = ({ code, detail, members }: SallyportError, requestId: string): TokenError => ({
  error: ERRORS[code].oauth,
  error_description: toPrintableAscii(detail),
  code,
  requestId,
  ...members,
});

/** RFC 6749 section 5.2: printable ASCII without quotation marks and backslashes. */
const toPrintableAscii = (text: string) =>
  text
    .replaceAll('"', "'")
    .replaceAll('…', '...')
    .replace(/[^ -~]|\\/g, '?');
