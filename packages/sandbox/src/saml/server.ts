// The SAML identity provider: metadata, single sign-on in a browser (SP-initiated and IdP-initiated), and an endpoint for
// scripts. It runs over plain http, on loopback only.
import fastify from 'fastify';
import { type ListenOptions, listenOnLoopback } from '../loopback.js';
import { authenticateUser, type CheckPassword, type SandboxUser } from '../users.js';
import type { IdentityProvider } from './identity-provider.js';
import { buildMetadata } from './metadata.js';
import type { Dialect, SignaturePlacement } from './response.js';
import { scriptRoutes } from './script-routes.js';
import { generateSigningKey } from './signing-key.js';
import { ssoRoutes } from './sso-routes.js';

export interface SamlIdpServer {
  readonly entityId: string;
  readonly metadataUrl: string;
  readonly ssoUrl: string;
  /** The metadata document, XML. */
  readonly metadata: string;
  close(): Promise<void>;
}

export interface SamlIdpOptions extends ListenOptions {
  readonly users: readonly SandboxUser[];
  /** Default: compares with the users file. */
  readonly checkPassword?: CheckPassword;
  /** What is signed unless a script requests otherwise. Default: the assertion. */
  readonly signature?: SignaturePlacement;
  /** The XML style. Default `adfs`. */
  readonly dialect?: Dialect;
  /** Values of the AWS Role attribute (`<role ARN>,<provider ARN>`); default none. */
  readonly roles?: (user: SandboxUser) => readonly string[];
}

/** Starts the IdP with a new key and resolves when it listens. */
export async function startSamlIdp(options: SamlIdpOptions): Promise<SamlIdpServer> {
  const { users, checkPassword = async (...given) => authenticateUser(users, ...given) !== undefined } =
    options;
  const key = await generateSigningKey('Sallyport sandbox SAML IdP', new Date());
  const { server, origin, close } = await listenOnLoopback(options);
  const metadataUrl = `${origin}/saml/metadata`;
  const idp: IdentityProvider = {
    entityId: metadataUrl,
    ssoUrl: `${origin}/saml/sso`,
    signIn: async (name, password) =>
      (await checkPassword(name, password)) ? users.find((user) => user.name === name) : undefined,
    key,
    placement: options.signature ?? 'assertion',
    dialect: options.dialect ?? 'adfs',
    roles: options.roles ?? (() => []),
  };
  const metadata = buildMetadata({ ...idp, certificate: key.certificate });

  const app = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } });
  await app.register(async (scope) => ssoRoutes(scope, idp));
  await app.register(async (scope) => scriptRoutes(scope, idp));
  app.get('/saml/metadata', (_request, reply) => reply.type('application/samlmetadata+xml').send(metadata));
  await app.ready();
  server.on('request', (request, response) => app.routing(request, response));

  return { entityId: idp.entityId, metadataUrl, ssoUrl: idp.ssoUrl, metadata, close };
}
