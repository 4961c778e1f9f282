// The sections `limits` and `cache`: rate limits for requests, and the size of the credential cache.
import { type Static, Type } from 'typebox';
import { closed, Duration } from './primitives.js';

const limit = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        requests: Type.Integer({
          minimum: 1,
          maximum: 1_000_000_000,
          description: 'Number of requests in a window.',
        }),
        per: Duration('Length of the window.'),
      },
      { ...closed, description },
    ),
  );

export const Limits = Type.Object(
  {
    perAddress: limit(
      'Limit for one IP address (IPv6: one /64), counted before authentication. Behind a proxy set server.trustProxy, otherwise all callers share one limit. Default: 3000 in 1m.',
    ),
    perPrincipal: limit('Limit for one principal, counted after authentication. Default: 1500 in 1m.'),
  },
  { ...closed, description: 'Rate limits. Requests above a limit get 429 with Retry-After.' },
);
export type LimitsConfig = Static<typeof Limits>;

export const Cache = Type.Object(
  {
    maxEntries: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'Maximum number of cached sessions. Default: 100000.',
      }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 65_536,
        maximum: 68_719_476_736,
        description:
          'Maximum memory for cached sessions, in bytes: 65536 (64 KiB) to 68719476736 (64 GiB). Default: 201326592 (192 MiB).',
      }),
    ),
  },
  {
    ...closed,
    description:
      'Size of the credential cache of each replica. The least recently used entries are evicted first.',
  },
);
export type CacheConfig = Static<typeof Cache>;
