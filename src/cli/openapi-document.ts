// The OpenAPI document without a running broker: the same routes, with nothing behind them.
import { stringify } from 'yaml';
import { SallyportError } from '../core/errors.js';
import { createSurfaces } from '../surfaces.js';
import { createMetrics } from '../telemetry/metrics.js';

const never = () => {
  throw new SallyportError('internal');
};
const nothing = async () => never();
const silent = () => {};

/** YAML; the same bytes for the same routes. */
export async function describeApi(): Promise<string> {
  const app = await createSurfaces({
    exchange: nothing,
    preview: nothing,
    explain: nothing,
    decode: nothing,
    ready: nothing,
    ownIdentity: nothing,
    configStatus: never,
    documents: never,
    serviceProvider: never,
    seal: { seal: nothing, open: nothing },
    now: () => new Date(),
    limiter: { consume: nothing },
    metrics: createMetrics(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    serverUrl: 'https://sallyport.example',
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 110 });
}
