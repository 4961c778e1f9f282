// POST /v1/credentials: the main job.
import type { Exchange } from '../../broker/exchange.js';
import { SallyportError } from '../../core/errors.js';
import { Secret } from '../../core/secret.js';
import type { MfaCode } from '../../core/types.js';
import type { App } from '../app.js';
import { refusals } from '../problem.js';
import { readProof } from '../proof.js';
import { toAsked } from '../request-fields.js';
import { sourceAddress } from '../source-address.js';
import { renderCredentials } from './render.js';
import { CredentialsAnswer, CredentialsRequest } from './schema.js';

/** @throws SallyportError `parameter_invalid` for one without the other. */
function readMfa({ SerialNumber, TokenCode }: CredentialsRequest): MfaCode | undefined {
  if (SerialNumber !== undefined && TokenCode !== undefined)
    return { serialNumber: SerialNumber, tokenCode: new Secret(TokenCode) };
  if (SerialNumber === undefined && TokenCode === undefined) return undefined;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.mfa',
    detail: 'SerialNumber and TokenCode go together. Send both, or none.',
  });
}

export function credentialsRoutes(app: App, { exchange }: { readonly exchange: Exchange }): void {
  app.post(
    '/v1/credentials',
    {
      schema: {
        operationId: 'getCredentials',
        summary: 'Exchange a proof of identity for temporary AWS credentials',
        description:
          'Send a JWT as Bearer token, or SAMLResponse in the body; JSON or form. The answer has the shape of the STS operation that issued it.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: CredentialsRequest,
        response: { 200: CredentialsAnswer, ...refusals },
      },
    },
    async (request, reply) => {
      const { SAMLResponse } = request.body;
      const mfa = readMfa(request.body);
      const exchanged = await exchange({
        requestId: request.id,
        surface: 'credentials',
        sourceAddress: sourceAddress(request),
        proof: readProof(request, SAMLResponse),
        ...toAsked(request.body),
        ...(mfa && { mfa }),
      });
      reply.header('cache-control', 'no-store');
      return renderCredentials(exchanged, request.id);
    },
  );
}
