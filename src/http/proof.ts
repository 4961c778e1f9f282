// Which proof a request carries: a JWT as Bearer token (RFC 6750 section 2.1), or SAMLResponse in the body.

import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import { SallyportError } from '../core/errors.js';
import type { Proof } from '../core/types.js';

type Request = Pick<FastifyRequest, 'raw'>;

/** @throws SallyportError `proof_missing` or `proof_ambiguous`. */
export function readProof(request: Request, samlResponse?: string): Proof {
  const token = /^Bearer +([^\s]+)$/i.exec(authorizationOf(request))?.[1];
  if (token !== undefined && samlResponse !== undefined) throw new SallyportError('proof_ambiguous');
  if (samlResponse !== undefined) return { type: 'saml', value: new Secret(samlResponse) };
  if (token !== undefined) return { type: 'oidc', value: new Secret(token) };
  throw new SallyportError('proof_missing');
}

/** The JWT without a scheme, as AWS SDKs send what is in a token file; or as Bearer token. Throws the same. */
export function readRawToken(request: Request): Proof {
  const token = /^(?:Bearer +)?(?!Bearer$)([^\s]+)$/i.exec(authorizationOf(request))?.[1];
  if (token === undefined) throw new SallyportError('proof_missing');
  return { type: 'oidc', value: new Secret(token) };
}

/** Empty where there is none. */
function authorizationOf({ raw }: Request): string {
  // `headers` has only the first of several; a proxy in front may have judged another.
  const [first = '', ...more] = raw.rawHeaders.filter(
    (_, index) => /^authorization$/i.test(raw.rawHeaders[index - 1] ?? '') && index % 2 === 1,
  );
  if (more.length > 0) {
    throw new SallyportError('proof_ambiguous', {
      detail: 'There are several Authorization headers. Send one.',
    });
  }
  return first;
}
