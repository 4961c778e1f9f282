// The broker's STS client over stub endpoints, with its log and metrics.

import { Secret } from '@sallyport/client/internal/secret';
import type { Test } from 'tap';
import { ConsoleSignIn } from '../../src/issuance/console/console-sign-in.js';
import type { TokenSigner } from '../../src/issuance/oidc-issuer/token-signer.js';
import { Sts, type StsOptions } from '../../src/issuance/sts/sts.js';
import { type StsForIssuing, StsIssuer } from '../../src/issuance/sts-issuer.js';
import { NOW } from './policy.js';

export const KEYS = { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: new Secret('broker-secret') };

/** `endpoints`: by region, in failover order. Closed when the test ends. */
export function openTestSts(
  t: Test,
  endpoints: Readonly<Record<string, string>>,
  options: Partial<StsOptions> = {},
) {
  const [region = '', ...failoverRegions] = Object.keys(endpoints);
  const logged: string[] = [];
  /** `operation region outcome` for each call. */
  const called: string[] = [];
  const states: string[] = [];
  const line = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const sts = new Sts({
    region,
    failoverRegions,
    endpoints,
    deadlineMs: 5000,
    log: { debug: line, info: line, warn: line, error: line },
    observer: {
      onCall: ({ operation, region: where, outcome }) => called.push(`${operation} ${where} ${outcome}`),
      onRegionStateChange: (where, state) => states.push(`${where} ${state}`),
    },
    now: Date.now,
    ...options,
  });
  t.teardown(() => sts.close());
  return { sts, logged, called, states };
}

/** `signinEndpoint`: a federation endpoint, for console sign-ins. */
export function stsIssuerOver(
  sts: StsForIssuing,
  { tokenSigner, signinEndpoint = 'http://127.0.0.1:1/federation' }: StsIssuerParts = {},
): StsIssuer {
  const consoleSignIn = new ConsoleSignIn({
    sts,
    aws: { region: 'eu-west-1', signinEndpoint },
    issuer: 'https://sallyport.corp.example',
    now: () => NOW,
  });
  return new StsIssuer({ sts, consoleSignIn, tokenSigner });
}

interface StsIssuerParts {
  readonly tokenSigner?: Pick<TokenSigner, 'sign'>;
  readonly signinEndpoint?: string;
}
