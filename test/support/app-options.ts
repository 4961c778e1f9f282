// What createSurfaces needs besides what a test is about: parts that are never asked, and a silent log.

import { createSeal } from '../../src/portal/seal.js';
import type { SurfaceOptions } from '../../src/surfaces.js';
import { createMetrics } from '../../src/telemetry/metrics.js';

const silent = () => {};
const never = () => {
  throw new Error('not asked here');
};
const nothing = async () => never();

export const appOptions = (): SurfaceOptions => ({
  exchange: nothing,
  preview: nothing,
  explain: nothing,
  documents: () => undefined,
  decode: nothing,
  serviceProvider: never,
  seal: createSeal(),
  now: () => new Date(),
  ownIdentity: async () => ({ status: 'pending' }),
  ready: async () => ({}),
  configStatus: () => ({
    epoch: 1,
    loadedAt: new Date(),
    lastReload: 'ok',
    faults: 0,
    shadowFaults: 0,
    restartNeeded: [],
  }),
  limiter: { consume: async () => {} },
  metrics: createMetrics(),
  log: { debug: silent, info: silent, warn: silent, error: silent },
  serverUrl: 'https://sallyport.example',
});
