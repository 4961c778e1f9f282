// The pipeline stopped after `decide`: who the caller is and what they may have. Nothing is issued.
import type { Permitted } from '../authz/decide.js';
import type { ExchangeRequest, Principal } from '../core/types.js';
import type { Stages } from './exchange.js';
import { limitPrincipal } from './limit-principal.js';
import { permitBeside } from './shadow.js';

interface Preview {
  readonly principal: Principal;
  readonly permitted: readonly Permitted[];
}

/** @throws SallyportError when the proof is refused. */
export type PreviewCaller = (request: Pick<ExchangeRequest, 'proof' | 'sourceAddress'>) => Promise<Preview>;

export function createPreview({
  snapshot,
  limiter,
  reportDifference,
  now,
}: Pick<Stages, 'snapshot' | 'limiter' | 'reportDifference' | 'now'>): PreviewCaller {
  return async ({ proof, sourceAddress }) => {
    const { authenticate, ...policies } = snapshot();
    const principal = await authenticate(proof, now());
    await limitPrincipal(limiter, principal);
    return {
      principal,
      permitted: permitBeside(policies, principal, { sourceAddress }, now(), reportDifference),
    };
  };
}
