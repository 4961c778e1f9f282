// Which client is tried in which shape, and what does not work. In the order of the matrix.
import type { ClientName } from './programs.js';
import {
  container,
  containerElsewhere,
  containerTokenFile,
  credentialProcess,
  type Integration,
  library,
  sidecar,
  stsEndpoint,
} from './shapes.js';

export interface Cell {
  readonly client: ClientName;
  readonly shape: Integration;
  /** For the matrix: what to mind, or why it does not work. */
  readonly note: string;
  /** Of what does not work. */
  readonly fails?: Failure;
}

interface Failure {
  /** By the user. */
  readonly reads: RegExp;
  /** Methods and paths of what is sent at all. */
  readonly sends: readonly RegExp[];
}

type Tried = readonly [shape: Integration, note?: string, fails?: Failure];

const cellsOf = (client: ClientName, tried: readonly Tried[]): readonly Cell[] =>
  tried.map(([shape, note = '', fails]) => ({ client, shape, note, ...(fails && { fails }) }));

/** Those that were made before 2024. */
const OLD: readonly Tried[] = [
  [container, 'the token in `AWS_CONTAINER_AUTHORIZATION_TOKEN`'],
  [
    containerTokenFile,
    'supports only `AWS_CONTAINER_AUTHORIZATION_TOKEN`, and sends no token',
    { reads: /No token was sent/, sends: [/^GET /] },
  ],
  [
    containerElsewhere,
    'accepts credentials from loopback only',
    { reads: /Unsupported host|only loopback hosts are allowed/, sends: [] },
  ],
  [sidecar],
  [
    stsEndpoint,
    'does not support `AWS_ENDPOINT_URL_STS`, and calls AWS',
    // It is told to use a proxy, and that does not let it through.
    { reads: /proxy|Forbidden/i, sends: [/^CONNECT sts\.(?:[a-z0-9-]+\.)?amazonaws\.com:443$/] },
  ],
  [credentialProcess],
];

export const CELLS: readonly Cell[] = [
  ...cellsOf('AWS CLI 2.9', OLD),
  ...cellsOf('boto3 1.26', OLD),
  ...cellsOf('boto3 1.40 or later', [
    [container],
    [containerTokenFile, 'no newline in the file'],
    [containerElsewhere, 'the certificate of a CA that `certifi` lists: `AWS_CA_BUNDLE` is not read here'],
    [sidecar],
    [stsEndpoint],
    [credentialProcess],
  ]),
  ...cellsOf('JavaScript SDK v3', [
    [container],
    [containerTokenFile, 'no newline in the file'],
    [containerElsewhere, 'a CA of your own in `NODE_EXTRA_CA_CERTS`'],
    [sidecar],
    [stsEndpoint],
    [credentialProcess],
    [library],
  ]),
  ...cellsOf('Go SDK v2 of 2023', OLD),
];
