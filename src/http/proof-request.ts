// The caller's part of a request: its proof and its address. The proof is a JWT as Bearer token (RFC 6750 section 2.1), or
// a SAMLResponse in the body.
import { isIP } from 'node:net';
import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import { SallyportError } from '../core/errors.js';
import type { Proof } from '../core/types.js';
import type { ProofRequest } from '../exchange/pipeline.js';

/** @throws SallyportError `proof_missing` or `proof_ambiguous`. */
export function readProofRequest(
  request: Pick<FastifyRequest, 'id' | 'ip' | 'raw'>,
  surface: string,
  samlResponse?: string,
): ProofRequest {
  return {
    requestId: request.id,
    surface,
    sourceAddress: sourceAddress(request),
    proof: readProof(request, samlResponse),
  };
}

function readProof(request: Pick<FastifyRequest, 'raw'>, samlResponse?: string): Proof {
  const token = /^Bearer +([^\s]+)$/i.exec(authorizationHeader(request))?.[1];
  if (token !== undefined && samlResponse !== undefined) throw new SallyportError('proof_ambiguous');
  if (samlResponse !== undefined) return { type: 'saml', value: new Secret(samlResponse) };
  if (token !== undefined) return { type: 'oidc', value: new Secret(token) };
  throw new SallyportError('proof_missing');
}

/**
 * The JWT without a scheme, as AWS SDKs send the content of a token file, or as Bearer token.
 * @throws SallyportError `proof_missing` or `proof_ambiguous`.
 */
export function readRawToken(request: Pick<FastifyRequest, 'raw'>): Proof {
  const token = /^(?:Bearer +)?(?!Bearer$)([^\s]+)$/i.exec(authorizationHeader(request))?.[1];
  if (token === undefined) throw new SallyportError('proof_missing');
  return { type: 'oidc', value: new Secret(token) };
}

/** Empty if there is none. */
function authorizationHeader({ raw }: Pick<FastifyRequest, 'raw'>): string {
  // `headers` holds only the first of several; a proxy in front may have checked another one.
  const [first = '', ...more] = raw.rawHeaders.filter(
    (_, index) => /^authorization$/i.test(raw.rawHeaders[index - 1] ?? '') && index % 2 === 1,
  );
  if (more.length > 0) {
    throw new SallyportError('proof_ambiguous', {
      detail: 'The request has several Authorization headers. Send one.',
    });
  }
  return first;
}

/**
 * The caller's IP address: that of the connection, or what trusted proxies write in X-Forwarded-For. Some proxies write
 * the port too (the form of RFC 7239 section 6). A value that is no address is returned unchanged and is in no range.
 */
export function sourceAddress({ ip }: Pick<FastifyRequest, 'ip'>): string {
  if (isIP(ip) !== 0) return ip;
  const host = /^"?(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?"?$/.exec(ip);
  const address = host?.[1] ?? host?.[2] ?? '';
  return isIP(address) === 0 ? ip : address;
}
