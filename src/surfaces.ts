// The list of surfaces: every route of the broker. To follow a request, start at one of these files in http/routes/ or
// portal/.
import type { DecodeMessage } from './exchange/decode-message.js';
import type { Exchange } from './exchange/exchange.js';
import type { Explain } from './exchange/explain.js';
import type { Preview } from './exchange/preview.js';
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
import { type OperationsOptions, operationsRoutes } from './http/routes/operations/routes.js';
import { rolesRoutes } from './http/routes/roles/routes.js';
import { stsRoutes } from './http/routes/sts/routes.js';
import { type SignInOptions, signInRoutes } from './portal/routes.js';
import type { ConfigManager } from './runtime/config-manager.js';

export interface SurfaceOptions extends AppOptions, SignInOptions, OperationsOptions {
  readonly exchange: Pick<Exchange, 'run'>;
  readonly preview: Pick<Preview, 'run'>;
  readonly explain: Pick<Explain, 'run'>;
  readonly decodeMessage: Pick<DecodeMessage, 'run'>;
  readonly configManager: Pick<ConfigManager, 'current' | 'status'>;
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
