// The limit by principal, once it is known who asks. A name means something only together with its issuer.
import type { RateLimiter } from '../core/ports.js';
import type { Principal } from '../core/types.js';

/** Rejects with SallyportError `rate_limited` when the principal has asked too often. */
export const limitPrincipal = (limiter: RateLimiter, { issuer, subject }: Principal): Promise<void> =>
  limiter.consume('principal', JSON.stringify([issuer, subject]));
