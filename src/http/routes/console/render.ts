// Exchanged, for the console -> JSON. The only place where the sign-in URL becomes text.

import { SallyportError } from '../../../core/errors.js';
import { toIsoSeconds } from '../../../core/time.js';
import type { ExchangeResult } from '../../../exchange/exchange.js';
import { renderDecided } from '../../exchange-request.js';
import type { ConsoleAnswer } from './schema.js';

/** @throws SallyportError `internal` if there was no sign-in: credentials are not for this surface. */
export function renderConsole(exchanged: ExchangeResult, requestId: string): ConsoleAnswer {
  const { signin } = exchanged.issued;
  const { sessionDuration, sessionDurationLimitedBy } = exchanged.decision.console ?? {};
  if (!signin) throw new SallyportError('internal', { reason: 'console.no_signin' });
  return {
    SigninUrl: signin.url.reveal(),
    Expires: toIsoSeconds(signin.expires),
    ...(sessionDuration !== undefined && { SessionDuration: sessionDuration }),
    ...(sessionDurationLimitedBy !== undefined && { SessionDurationLimitedBy: sessionDurationLimitedBy }),
    Sallyport: renderDecided(exchanged, requestId),
  };
}
