// Maps a token exchange request to an ExchangeRequest. Only subject_token is a proof: other client authentication is
// rejected, because it would not be checked.

import { Secret } from '@sallyport/client/internal/secret';
import type { FastifyRequest } from 'fastify';
import { SallyportError } from '../../../core/errors.js';
import type { ExchangeRequest } from '../../../core/types.js';
import { sourceAddress } from '../../proof-request.js';
import { SAML2, TOKEN_EXCHANGE, type TokenRequest } from './schema.js';

/** @throws SallyportError for a token exchange that is not supported. */
export function readExchangeRequest(
  request: Pick<FastifyRequest, 'id' | 'ip' | 'headers'> & { readonly body: TokenRequest },
): ExchangeRequest {
  const { grant_type, subject_token, subject_token_type, actor_token, ...body } = request.body;
  if (grant_type !== TOKEN_EXCHANGE) throw new SallyportError('grant_type_unsupported');
  if ((request.headers.authorization ?? body.client_secret ?? body.client_assertion) !== undefined)
    throw new SallyportError('client_authentication_refused');
  if (actor_token !== undefined) {
    throw new SallyportError('parameter_invalid', {
      reason: 'parameter.actor_token',
      detail: '`actor_token` (delegation) is not supported. Remove it.',
    });
  }
  const role = roleOf(body);
  return {
    requestId: request.id,
    surface: 'oauth',
    sourceAddress: sourceAddress(request),
    proof:
      subject_token_type === SAML2
        ? { type: 'saml', value: new Secret(toBase64(subject_token)) }
        : { type: 'oidc', value: new Secret(subject_token) },
    ...(role !== undefined && { role }),
  };
}

/** The requested role, if the parameters name one. They may repeat it. */
function roleOf({
  resource = [],
  audience = [],
  scope = '',
}: Pick<TokenRequest, 'resource' | 'audience' | 'scope'>): string | undefined {
  const scopes = scope.split(' ').filter((name) => name !== '');
  const [role, another] = new Set([...resource, ...audience, ...scopes]);
  if (another === undefined) return role;
  throw new SallyportError('role_ambiguous', {
    reason: 'oauth.several_roles',
    detail: 'resource, audience and scope name several roles. Name one role.',
  });
}

/** Converts base64url (RFC 4648 section 5), padded or not, to base64 as SAML verifiers and STS expect. Base64 is unchanged. */
const toBase64 = (text: string): string =>
  text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(Math.ceil(text.length / 4) * 4, '=');
