// Many who ask for the same at once cause one STS call, and share what comes of it, a failure too. Nobody's going away
// ends it: no caller's signal or deadline reaches it.

import type { Secret } from '@sallyport/client/internal/secret';
import type { Issue, IssueRequest } from '../../core/ports.js';
import type { IssuedCredentials } from '../../core/types.js';
import { isAboutProof } from '../sts/translate-error.js';

interface Flight {
  readonly proof: Secret;
  readonly issued: Promise<IssuedCredentials>;
}

/** `shared`: somebody else's order had led to the call. */
export type Fly = (
  key: string,
  order: IssueRequest,
) => Promise<{ readonly issued: IssuedCredentials; readonly shared: boolean }>;

/** Orders of one key must be such that one may have what was issued for another. */
export function singleFlight(issue: (key: string, order: IssueRequest) => ReturnType<Issue>): Fly {
  const flights = new Map<string, Flight>();

  const takeOff = (key: string, { deadline, ...order }: IssueRequest): Flight => {
    const issued = issue(key, order).finally(() => flights.delete(key));
    const flight = { proof: order.proof.value, issued };
    flights.set(key, flight);
    return flight;
  };

  return async function fly(key, order) {
    const flying = flights.get(key);
    if (!flying) return { issued: await takeOff(key, order).issued, shared: false };
    try {
      return { issued: await flying.issued, shared: true };
    } catch (error) {
      // A proof that STS refuses says nothing of another proof of the same caller.
      if (isAboutProof(error) && flying.proof.reveal() !== order.proof.value.reveal()) return fly(key, order);
      throw error;
    }
  };
}
