// The literal list of surfaces: every route the broker answers. Start reading here to follow a request: each entry leads
// to a file in http/routes/ or portal/.

import type { DecodeMessageRequestHandler } from './exchange/decode-message.js';
import type { Exchange } from './exchange/exchange.js';
import type { Explain } from './exchange/explain.js';
import type { PreviewCaller } from './exchange/preview.js';
import { type AppOptions, createApp } from './http/app.js';
import type { App } from './http/fastify.js';
import { consoleRoutes } from './http/routes/console/routes.js';
import { containerCredentialsRoutes } from './http/routes/container-credentials/routes.js';
import { credentialsRoutes } from './http/routes/credentials/routes.js';
import { decodeRoutes } from './http/routes/decode-authorization-message/routes.js';
import { explainRoutes } from './http/routes/explain/routes.js';
import { identityRoutes } from './http/routes/identity/routes.js';
import { issuerRoutes } from './http/routes/issuer/routes.js';
import { oauthRoutes } from './http/routes/oauth/routes.js';
import { operationsRoutes, type Readiness } from './http/routes/operations/routes.js';
import { rolesRoutes } from './http/routes/roles/routes.js';
import { stsRoutes } from './http/routes/sts/routes.js';
import type { IssuerDocuments } from './issuance/oidc-issuer/discovery-documents.js';
import type { BrokerIdentity } from './issuance/operations/get-caller-identity.js';
import { type SignInOptions, signInRoutes } from './portal/routes.js';
import type { ConfigStatus } from './runtime/config-manager.js';

export interface SurfaceOptions extends AppOptions, SignInOptions {
  readonly exchange: Exchange;
  readonly preview: PreviewCaller;
  readonly explain: Explain;
  readonly decode: DecodeMessageRequestHandler;
  readonly ready: Readiness;
  readonly ownIdentity: BrokerIdentity['get'];
  configStatus(): ConfigStatus;
  /** What the broker publishes as an OIDC issuer; undefined outside keyless mode. */
  documents(): IssuerDocuments | undefined;
}

export async function createSurfaces(options: SurfaceOptions): Promise<App> {
  const app = await createApp(options);
  credentialsRoutes(app, options);
  containerCredentialsRoutes(app, options);
  rolesRoutes(app, options);
  identityRoutes(app, options);
  consoleRoutes(app, options);
  explainRoutes(app, options);
  decodeRoutes(app, options);
  await stsRoutes(app, options);
  await oauthRoutes(app, options);
  signInRoutes(app, options);
  operationsRoutes(app, options);
  issuerRoutes(app, options);
  return app;
}
