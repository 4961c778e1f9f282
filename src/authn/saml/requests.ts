// Whether a Response answers a request of this broker (SAML profiles 4.1.4.3), and whether it must.
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import { SallyportError } from '../../core/errors.js';
import { refuse } from './refusal.js';

/** The authentication requests this broker has sent and not yet had answered. */
export interface Requests {
  /** True once for each request that was sent and has not ended at `now` (epoch seconds), atomically. */
  consume(id: string, now: number): Promise<boolean>;
}

/**
 * The ID of the request that must still be there to be consumed, if the issuer's settings allow the answer at all. With
 * audience aws there is never one: the broker sends none in AWS's name.
 * @throws SallyportError `proof_invalid`, reason `saml.unsolicited` or `saml.in_response_to.foreign`.
 */
export function requestToConsume(
  { audience, unsolicited }: SamlIssuer,
  inResponseTo: string | undefined,
): string | undefined {
  const forAws = audience !== 'sallyport';
  const policy = unsolicited ?? (forAws ? 'accept' : 'refuse');
  if (inResponseTo === undefined) {
    if (policy === 'refuse') refuse('unsolicited', 'proof_invalid', UNSOLICITED);
    return undefined;
  }
  if (!forAws) return inResponseTo;
  if (policy !== 'accept-foreign') refuse('in_response_to.foreign', 'proof_invalid', FOREIGN);
  return undefined;
}

/**
 * Consumes the request that is answered. `now` in epoch seconds.
 * @throws SallyportError `proof_invalid`, reason `saml.in_response_to.unknown`; `replay_store_unavailable`.
 */
export async function consumeRequest(id: string, requests: Requests | undefined, now: number): Promise<void> {
  let known: boolean | undefined;
  try {
    known = await requests?.consume(id, now);
  } catch (cause) {
    throw new SallyportError('replay_store_unavailable', { reason: 'saml.requests', cause });
  }
  if (!known) refuse('in_response_to.unknown');
}

const UNSOLICITED =
  'This issuer is accepted only in answer to a sign-in that began here. The operator may allow others with `unsolicited: accept`.';
const FOREIGN =
  'The SAML response answers a request that was not sent from here. Start the sign-in at the identity provider; or the operator may allow this with `unsolicited: accept-foreign`.';
