// The endpoint for scripts: user name and password as JSON in, a SAMLResponse out. The caller receives the Response
// itself, so any recipient is permitted.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { createResponse, type IdentityProvider } from './identity-provider.js';
import { AWS } from './names.js';
import { DEFAULT_LIFETIME_SECONDS } from './user-response.js';

const text = Type.String({ minLength: 1 });

const ScriptRequest = Type.Object(
  {
    user: text,
    password: text,
    recipient: Type.Optional(text),
    audience: Type.Optional(text),
    lifetimeSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    attributes: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())])),
    ),
    signature: Type.Optional(Type.Enum(['assertion', 'response', 'both'])),
  },
  { additionalProperties: false },
);
type ScriptRequest = Static<typeof ScriptRequest>;

/** The URL of the endpoint, derived from the SSO URL. */
export const scriptUrl = (ssoUrl: string) => `${ssoUrl}/assertion`;

/** POST of the script URL: `{ SAMLResponse }`, or `{ error }` with a sentence. */
export function scriptRoutes(app: FastifyInstance, idp: IdentityProvider): void {
  const { pathname } = new URL(scriptUrl(idp.ssoUrl));

  app.post<{ Body: ScriptRequest }>(pathname, { schema: { body: ScriptRequest } }, async (request, reply) => {
    const { user: name, password, signature, ...options } = request.body;
    const user = await idp.signIn(name, password);
    if (!user) return reply.code(401).send({ error: 'The user name or the password is wrong.' });
    const response = {
      recipient: AWS.signIn,
      audience: AWS.audience,
      lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
      attributes: {},
      nameIdFormat: 'persistent',
      ...options,
      user,
    } as const;
    return reply.send({ SAMLResponse: createResponse(idp, response, new Date(), signature) });
  });

  app.setErrorHandler((error: Error, _request, reply) =>
    reply.code(400).send({ error: `The SAML IdP rejected the request: ${error.message}.` }),
  );
}
