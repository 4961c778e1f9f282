// Options of createSurfaces that a test overrides in part: operations that must not run, and a silent log.
import { Seal } from '../../src/portal/seal.js';
import type { SurfaceOptions } from '../../src/surfaces.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { managerOf } from './runtime.js';

const silent = () => {};
const unused = {
  run: async () => {
    throw new Error('this operation must not run');
  },
};

export const appOptions = (): SurfaceOptions => ({
  exchange: unused,
  preview: unused,
  explain: unused,
  decodeMessage: unused,
  configManager: managerOf(),
  audit: { check: async () => true },
  replayStore: { check: async () => true },
  seal: new Seal(),
  now: () => new Date(),
  limiter: { consume: async () => {} },
  metrics: new Metrics(),
  log: { debug: silent, info: silent, warn: silent, error: silent },
  serverUrl: 'https://sallyport.example',
});
