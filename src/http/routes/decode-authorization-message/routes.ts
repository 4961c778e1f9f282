// POST /v1/decode-authorization-message: DecodeAuthorizationMessage of STS, for whom a grant permits it.
import { Type } from 'typebox';
import type { DecodeMessageRequestHandler } from '../../../exchange/decode-message.js';
import { closed } from '../../exchange-request.js';
import type { App } from '../../fastify.js';
import { problemResponses } from '../../problem.js';
import { readProof } from '../../proof.js';
import { SAMLResponse } from '../../request-fields.js';
import { sourceAddress } from '../../source-address.js';

const DecodeRequestBody = Type.Object(
  {
    SAMLResponse: Type.Optional(SAMLResponse),
    EncodedMessage: Type.String({
      minLength: 1,
      maxLength: 10_240,
      description: 'The encoded message of a refusal by an AWS service.',
    }),
  },
  closed,
);

const DecodeAnswer = Type.Object(
  { DecodedMessage: Type.String({ description: 'JSON, as STS writes it.' }) },
  closed,
);

export function decodeRoutes(app: App, { decode }: { readonly decode: DecodeMessageRequestHandler }): void {
  app.post(
    '/v1/decode-authorization-message',
    {
      schema: {
        operationId: 'decodeAuthorizationMessage',
        summary: 'Decode the message with which an AWS service refused a request',
        description:
          'For whom a grant has `permissions: [DecodeAuthorizationMessage]`. STS is asked with the identity of the broker. The audit log keeps who asked, not the message.',
        tags: ['credentials'],
        security: [{ jwt: [] }, {}],
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        body: DecodeRequestBody,
        response: { 200: DecodeAnswer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { SAMLResponse: assertion, EncodedMessage } = request.body;
      const { text } = await decode({
        requestId: request.id,
        surface: 'decode-authorization-message',
        sourceAddress: sourceAddress(request),
        proof: readProof(request, assertion),
        encodedMessage: EncodedMessage,
      });
      reply.header('cache-control', 'no-store');
      return { DecodedMessage: text };
    },
  );
}
