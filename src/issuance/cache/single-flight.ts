// Concurrent requests under one cache key cause one STS call and share its result, a failure included. No caller's
// deadline or disconnect ends the call.

import type { Secret } from '@sallyport/client/internal/secret';
import type { IssuedCredentials } from '../../core/types.js';
import { isAboutProof } from '../sts/translate-error.js';

interface Flight {
  readonly proof: Secret;
  readonly issued: Promise<IssuedCredentials>;
}

export interface FlightResult {
  readonly issued: IssuedCredentials;
  /** Another request had caused the call. */
  readonly shared: boolean;
}

export class SingleFlight {
  readonly #flights = new Map<string, Flight>();

  /** Calls `issue`, or joins the call in flight under this key. */
  async run(key: string, proof: Secret, issue: () => Promise<IssuedCredentials>): Promise<FlightResult> {
    const flight = this.#flights.get(key);
    if (!flight) return { issued: await this.#start(key, proof, issue), shared: false };
    try {
      return { issued: await flight.issued, shared: true };
    } catch (error) {
      // STS may accept another proof of the same caller.
      if (isAboutProof(error) && flight.proof.reveal() !== proof.reveal()) return this.run(key, proof, issue);
      throw error;
    }
  }

  #start(key: string, proof: Secret, issue: () => Promise<IssuedCredentials>): Promise<IssuedCredentials> {
    const issued = issue().finally(() => this.#flights.delete(key));
    this.#flights.set(key, { proof, issued });
    return issued;
  }
}
