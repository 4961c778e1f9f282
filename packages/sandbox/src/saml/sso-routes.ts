// Single sign-on in a browser: the login page, with or without an AuthnRequest, then a form that posts the Response to the
// service provider (SAML Profiles section 4.1). Stateless: the login form carries the request, which is checked again.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { autoPostPage, errorPage, loginPage, PAGE_HEADERS } from '../pages.js';
import {
  type AuthnRequest,
  AuthnRequestError,
  decodeSamlRequest,
  readAuthnRequest,
} from './authn-request.js';
import { createResponse, type IdentityProvider } from './identity-provider.js';
import { findServiceProvider } from './service-provider.js';
import { DEFAULT_LIFETIME_SECONDS } from './user-response.js';

const text = Type.Optional(Type.String());
/** `acs` and `audience` are for IdP-initiated sign-in at a service provider other than AWS. */
const ssoParameters = { SAMLRequest: text, RelayState: text, acs: text, audience: text };
const SsoQuery = Type.Object(ssoParameters);
const SsoForm = Type.Object({ ...ssoParameters, user: text, password: text });
type SsoQuery = Static<typeof SsoQuery>;
type SsoForm = Static<typeof SsoForm>;

type SsoRequest = Omit<AuthnRequest, 'id'> & { readonly id?: string };

/** Reads the AuthnRequest or, for IdP-initiated sign-in, `acs` and `audience`. */
function readRequest(idp: IdentityProvider, xml: string | undefined, parameters: SsoQuery): SsoRequest {
  if (xml !== undefined) return readAuthnRequest(xml, idp.ssoUrl);
  const serviceProvider = findServiceProvider(parameters.acs, parameters.audience);
  if (!serviceProvider) throw new AuthnRequestError('The acs must be AWS sign-in or a URL of this machine.');
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
    readRequest(idp, xml, request.query);
    return reply.headers(PAGE_HEADERS).send(login(idp, xml, request.query, false));
  });

  app.post<{ Body: SsoForm }>(pathname, { schema: { body: SsoForm } }, async (request, reply) => {
    const { user: name, password, ...parameters } = request.body;
    const xml = decode(parameters.SAMLRequest, 'post');
    const { id, serviceProvider, nameIdFormat } = readRequest(idp, xml, parameters);
    reply.headers(PAGE_HEADERS);
    if (name === undefined) return reply.send(login(idp, xml, parameters, false));
    const user = await idp.signIn(name, password ?? '');
    if (!user) return reply.code(401).send(login(idp, xml, parameters, true));
    const response = {
      user,
      recipient: serviceProvider.acs,
      audience: serviceProvider.entityId,
      nameIdFormat,
      ...(id === undefined ? {} : { inResponseTo: id }),
      lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
      attributes: {},
    };
    const SAMLResponse = createResponse(idp, response, new Date());
    return reply.send(autoPostPage(serviceProvider.acs, { SAMLResponse, RelayState: parameters.RelayState }));
  });
}
