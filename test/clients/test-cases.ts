// The tested combinations of client and integration, and the expected failures. In the order of the matrix.

import {
  clientLibrary,
  container,
  containerOnOtherHost,
  containerTokenFile,
  credentialProcess,
  type Integration,
  sidecar,
  stsEndpoint,
} from './integrations.js';
import type { ClientName } from './programs.js';

export interface TestCase {
  readonly client: ClientName;
  readonly integration: Integration;
  /** For the matrix: a restriction, or the reason of the failure. */
  readonly note: string;
  /** Set if the combination does not work. */
  readonly expectedFailure?: ExpectedFailure;
}

interface ExpectedFailure {
  /** The error that the user sees. */
  readonly message: RegExp;
  /** Methods and paths of all requests that the client sends. */
  readonly requests: readonly RegExp[];
}

type IntegrationCase = readonly [integration: Integration, note?: string, expectedFailure?: ExpectedFailure];

const testCasesOf = (client: ClientName, cases: readonly IntegrationCase[]): readonly TestCase[] =>
  cases.map(([integration, note = '', expectedFailure]) => ({
    client,
    integration,
    note,
    ...(expectedFailure && { expectedFailure }),
  }));

/** For clients released before 2024. */
const RELEASED_BEFORE_2024: readonly IntegrationCase[] = [
  [container, 'the token in `AWS_CONTAINER_AUTHORIZATION_TOKEN`'],
  [
    containerTokenFile,
    'supports only `AWS_CONTAINER_AUTHORIZATION_TOKEN`, and sends no token',
    { message: /No token was sent/, requests: [/^GET /] },
  ],
  [
    containerOnOtherHost,
    'accepts credentials from loopback only',
    { message: /Unsupported host|only loopback hosts are allowed/, requests: [] },
  ],
  [sidecar],
  [
    stsEndpoint,
    'does not support `AWS_ENDPOINT_URL_STS`, and calls AWS',
    // The client is configured to use a proxy, which rejects the tunnel.
    { message: /proxy|Forbidden/i, requests: [/^CONNECT sts\.(?:[a-z0-9-]+\.)?amazonaws\.com:443$/] },
  ],
  [credentialProcess],
];

export const TEST_CASES: readonly TestCase[] = [
  ...testCasesOf('AWS CLI 2.9', RELEASED_BEFORE_2024),
  ...testCasesOf('boto3 1.26', RELEASED_BEFORE_2024),
  ...testCasesOf('boto3 1.40 or later', [
    [container],
    [containerTokenFile, 'no newline in the file'],
    [containerOnOtherHost, 'the certificate of a CA that `certifi` lists: `AWS_CA_BUNDLE` is not read here'],
    [sidecar],
    [stsEndpoint],
    [credentialProcess],
  ]),
  ...testCasesOf('JavaScript SDK v3', [
    [container],
    [containerTokenFile, 'no newline in the file'],
    [containerOnOtherHost, 'your own CA in `NODE_EXTRA_CA_CERTS`'],
    [sidecar],
    [stsEndpoint],
    [credentialProcess],
    [clientLibrary],
  ]),
  ...testCasesOf('Go SDK v2 of 2023', RELEASED_BEFORE_2024),
];
