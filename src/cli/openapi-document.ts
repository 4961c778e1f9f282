// Generates the OpenAPI document from the routes, without a running broker.
import { stringify } from 'yaml';
import { SallyportError } from '../core/errors.js';
import { createSurfaces } from '../surfaces.js';
import { Metrics } from '../telemetry/metrics.js';

const never = () => {
  throw new SallyportError('internal');
};
const unused = async () => never();
const silent = () => {};

/** Returns YAML. The output is deterministic. */
export async function openApiDocument(): Promise<string> {
  const operation = { run: unused };
  const app = await createSurfaces({
    exchange: operation,
    preview: operation,
    explain: operation,
    decodeMessage: operation,
    configManager: {
      get current() {
        return never();
      },
      get status() {
        return never();
      },
    },
    audit: { check: unused },
    replayStore: { check: unused },
    seal: { seal: unused, open: unused },
    now: () => new Date(),
    limiter: { consume: unused },
    metrics: new Metrics(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    serverUrl: 'https://sallyport.example',
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 110 });
}
