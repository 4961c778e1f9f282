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
 * Consumes the request that is answered. With audience aws there is never one: the broker sends none in AWS's name.
 * @throws SallyportError `proof_invalid`, reason `saml.unsolicited` or `saml.in_response_to.*`.
 */
export async function requireRequested(
  { audience, unsolicited }: SamlIssuer,
  inResponseTo: string | undefined,
  requests: Requests | undefined,
  now: number,
): Promise<void> {
  const forAws = audience !== 'sallyport';
  const policy = unsolicited ?? (forAws ? 'accept' : 'refuse');
  if (inResponseTo === undefined) {
    if (policy === 'refuse') refuse('unsolicited', 'proof_invalid', UNSOLICITED);
  } else if (forAws) {
    if (policy !== 'accept-foreign') refuse('in_response_to.foreign', 'proof_invalid', FOREIGN);
  } else if (!requests || !(await consume(requests, inResponseTo, now))) {
    refuse('in_response_to.unknown');
  }
}

const UNSOLICITED =
  'This issuer is accepted only in answer to a sign-in that began here. The operator may allow others with `unsolicited: accept`.';
const FOREIGN =
  'The SAML response answers a request that was not sent from here. Start the sign-in at the identity provider; or the operator may allow this with `unsolicited: accept-foreign`.';

async function consume(requests: Requests, id: string, now: number): Promise<boolean> {
  try {
    return await requests.consume(id, now);
  } catch (cause) {
    throw new SallyportError('replay_store_unavailable', { reason: 'saml.requests', cause });
  }
}
