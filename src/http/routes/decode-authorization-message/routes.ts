// POST /v1/decode-authorization-message is DecodeAuthorizationMessage of STS, for callers with that permission.
import { Type } from 'typebox';
import type { DecodeMessage } from '../../../exchange/decode-message.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProofRequest } from '../../proof-request.js';
import { closed, SAMLResponse } from '../../request-fields.js';

const DecodeRequest = Type.Object(
  {
    SAMLResponse: Type.Optional(SAMLResponse),
    EncodedMessage: Type.String({
      minLength: 1,
      maxLength: 10_240,
      description: 'The encoded message from the error response of an AWS service.',
    }),
  },
  closed,
);

const DecodeResponse = Type.Object(
  { DecodedMessage: Type.String({ description: 'JSON, as STS returns it.' }) },
  closed,
);

export function decodeRoutes(
  app: App,
  { decodeMessage }: { readonly decodeMessage: Pick<DecodeMessage, 'run'> },
): void {
  app.post(
    '/v1/decode-authorization-message',
    {
      schema: {
        operationId: 'decodeAuthorizationMessage',
        summary: 'Decode the authorization message of an AWS error response',
        description:
          'For callers that a grant with `permissions: [DecodeAuthorizationMessage]` permits. The broker calls STS with its own identity. The audit log records the caller, not the message.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: DecodeRequest,
        response: { 200: DecodeResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { SAMLResponse: assertion, EncodedMessage } = request.body;
      const { text } = await decodeMessage.run({
        ...readProofRequest(request, 'decode-authorization-message', assertion),
        encodedMessage: EncodedMessage,
      });
      reply.header('cache-control', 'no-store');
      return { DecodedMessage: text };
    },
  );
}
