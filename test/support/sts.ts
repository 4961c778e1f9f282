// STS as the broker calls it, over stand-ins, with what it logs and measures.

import { Secret } from '@sallyport/client/internal/secret';
import type { Test } from 'tap';
import { openSts, type StsOptions } from '../../src/issuance/sts/open-sts.js';

export const KEYS = { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: new Secret('broker-secret') };

/** `endpoints`: by region; the first is asked first, the others after it in turn. Closed with the test. */
export function openTestSts(
  t: Test,
  endpoints: Readonly<Record<string, string>>,
  options: Partial<StsOptions> = {},
) {
  const [region = '', ...failoverRegions] = Object.keys(endpoints);
  const logged: string[] = [];
  /** `operation region outcome`, one for each call. */
  const called: string[] = [];
  const states: string[] = [];
  const line = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const sts = openSts({
    region,
    failoverRegions,
    endpoints,
    deadlineMs: 5000,
    log: { debug: line, info: line, warn: line, error: line },
    observe: {
      called: ({ operation, region: where, outcome }) => called.push(`${operation} ${where} ${outcome}`),
      regionChanged: (where, state) => states.push(`${where} ${state}`),
    },
    now: Date.now,
    ...options,
  });
  t.teardown(() => sts.close());
  return { sts, logged, called, states };
}
