// Single sign-on in a browser: a request or none, the login page, then a form that posts the Response to the service
// provider (SAML Profiles section 4.1). No state is kept: what was asked travels in the form and is checked again.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { autoPostPage, errorPage, loginPage, PAGE_HEADERS } from '../pages.js';
import {
  type AuthnRequest,
  AuthnRequestError,
  decodeSamlRequest,
  readAuthnRequest,
} from './authn-request.js';
import { type IdentityProvider, respond } from './identity-provider.js';
import { knownServiceProvider } from './service-provider.js';
import { DEFAULT_LIFETIME_SECONDS } from './user-response.js';

const text = Type.Optional(Type.String());
/** `acs` and `audience` are for a sign-in that starts here and is not for AWS. */
const asked = { SAMLRequest: text, RelayState: text, acs: text, audience: text };
const SsoQuery = Type.Object(asked);
const SsoForm = Type.Object({ ...asked, user: text, password: text });
type SsoQuery = Static<typeof SsoQuery>;
type SsoForm = Static<typeof SsoForm>;

type Asked = Omit<AuthnRequest, 'id'> & { readonly id?: string };

/** Whom to answer, from an AuthnRequest or, for an IdP-initiated sign-in, from `acs`. */
function whoAsks(idp: IdentityProvider, xml: string | undefined, parameters: SsoQuery): Asked {
  if (xml !== undefined) return readAuthnRequest(xml, idp.ssoUrl);
  const serviceProvider = knownServiceProvider(parameters.acs, parameters.audience);
  if (!serviceProvider) throw new AuthnRequestError('The acs is neither AWS sign-in nor on this machine.');
  return { serviceProvider, nameIdFormat: 'persistent' };
}

function login(
  idp: IdentityProvider,
  xml: string | undefined,
  parameters: SsoQuery,
  refused: boolean,
): string {
  const { RelayState, acs, audience } = parameters;
  const SAMLRequest = xml === undefined ? undefined : Buffer.from(xml).toString('base64');
  return loginPage({
    title: 'Sandbox SAML sign-in',
    action: new URL(idp.ssoUrl).pathname,
    hidden: { SAMLRequest, RelayState, acs, audience },
    refused,
  });
}

/** GET and POST of the SSO URL. */
export function ssoRoutes(app: FastifyInstance, idp: IdentityProvider): void {
  const { pathname } = new URL(idp.ssoUrl);
  const decode = (parameter: string | undefined, binding: 'redirect' | 'post') =>
    parameter === undefined ? undefined : decodeSamlRequest(parameter, binding);

  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  );
  app.setErrorHandler((error, _request, reply) => {
    const sentence = error instanceof AuthnRequestError ? error.message : 'The request cannot be read.';
    return reply.code(400).headers(PAGE_HEADERS).send(errorPage(sentence));
  });

  app.get<{ Querystring: SsoQuery }>(pathname, { schema: { querystring: SsoQuery } }, (request, reply) => {
    const xml = decode(request.query.SAMLRequest, 'redirect');
    whoAsks(idp, xml, request.query);
    return reply.headers(PAGE_HEADERS).send(login(idp, xml, request.query, false));
  });

  app.post<{ Body: SsoForm }>(pathname, { schema: { body: SsoForm } }, async (request, reply) => {
    const { user: name, password, ...parameters } = request.body;
    const xml = decode(parameters.SAMLRequest, 'post');
    const { id, serviceProvider, nameIdFormat } = whoAsks(idp, xml, parameters);
    reply.headers(PAGE_HEADERS);
    if (name === undefined) return reply.send(login(idp, xml, parameters, false));
    const user = await idp.signIn(name, password ?? '');
    if (!user) return reply.code(401).send(login(idp, xml, parameters, true));
    const answer = {
      user,
      recipient: serviceProvider.acs,
      audience: serviceProvider.entityId,
      nameIdFormat,
      ...(id === undefined ? {} : { inResponseTo: id }),
      lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
      attributes: {},
    };
    const SAMLResponse = respond(idp, answer, new Date());
    return reply.send(autoPostPage(serviceProvider.acs, { SAMLResponse, RelayState: parameters.RelayState }));
  });
}
