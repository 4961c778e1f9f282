// What a proof from a browser is to be exchanged for: what was asked when the request that it answers was sent. Which
// request that is, only the verified proof tells.
import type { ExchangeRequest, Principal } from '../core/types.js';

export function restoreLoginRequest(received: ExchangeRequest, { inResponseTo }: Principal): ExchangeRequest {
  const answered = received.proof.loginRequests?.find(({ id }) => id === inResponseTo);
  return answered ? { ...received, ...answered.parameters } : received;
}
