// Compares the lifetime of issued credentials with the decision. STS itself never exceeds DurationSeconds, but servers that are
// compatible with it can ignore the parameter.

import { MAX_CHAINED_SESSION_SECONDS } from '@sallyport/sts-protocol/constraints';
import { SallyportError } from '../core/errors.js';
import type { Log } from '../core/ports.js';
import type { IssuedCredentials, IssueRequest } from '../core/types.js';
import type { StsIssuer } from './sts-issuer.js';

/** Seconds by which the clocks of STS and of the broker may differ. AWS refuses signatures beyond that as well. */
const LIFETIME_TOLERANCE = 300;

export interface LifetimeCheckOptions {
  readonly stsIssuer: Pick<StsIssuer, 'issue'>;
  /** Whether credentials that outlive the decision are refused. */
  readonly strict: boolean;
  readonly log: Pick<Log, 'warn'>;
  now(): Date;
}

export class LifetimeCheck {
  readonly #options: LifetimeCheckOptions;

  constructor(options: LifetimeCheckOptions) {
    this.#options = options;
  }

  /** @throws SallyportError `sts_rejected_request` that names the STS call, or as `StsIssuer.issue`. */
  async issue(request: IssueRequest): Promise<IssuedCredentials> {
    const { stsIssuer, strict, log, now } = this.#options;
    const startedAt = now().getTime() / 1000;
    const issued = await stsIssuer.issue(request);
    const { role, session } = request.decision;
    const decidedSeconds =
      issued.durationLimitedBy === 'chain'
        ? Math.min(session.durationSeconds, MAX_CHAINED_SESSION_SECONDS)
        : session.durationSeconds;
    const expiresAt = issued.credentials.expiration.getTime() / 1000;
    const isLonger = expiresAt > now().getTime() / 1000 + decidedSeconds + LIFETIME_TOLERANCE;
    const isShorter = expiresAt < startedAt + decidedSeconds - LIFETIME_TOLERANCE;
    if (!isLonger && !isShorter) return issued;
    const { stsRequestId: requestId, credentials } = issued;
    log.warn(
      {
        role,
        stsRequestId: requestId,
        accessKeyId: credentials.accessKeyId,
        decidedSeconds,
        expiration: credentials.expiration.toISOString(),
        refused: isLonger && strict,
      },
      `STS returned credentials that live ${isLonger ? 'longer' : 'shorter'} than decided`,
    );
    if (isLonger && strict) {
      throw new SallyportError('sts_rejected_request', {
        reason: 'sts.lifetime_exceeded',
        detail:
          'STS returned credentials that live longer than this role permits, so they are not handed out. Ask the operator to check the STS endpoint.',
        sts: { ...(requestId !== undefined && { requestId }), sent: true },
      });
    }
    return { ...issued, durationLimitedBy: 'sts' };
  }
}
