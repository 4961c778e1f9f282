// The sections `limits` and `cache`: rate limits for requests, and the size of the credential cache.
import { type Static, Type } from 'typebox';
import { closed, Duration } from './primitives.js';

const limit = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        requests: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'How many.' }),
        per: Duration('In how long a time.'),
      },
      { ...closed, description },
    ),
  );

export const Limits = Type.Object(
  {
    perAddress: limit(
      'Requests from one address (IPv6: one /64), counted before authentication. Behind a proxy set server.trustProxy, or all callers count as one. Default 3000 in 1m.',
    ),
    perPrincipal: limit('Requests of one principal, counted after authentication. Default 1500 in 1m.'),
  },
  { ...closed, description: 'How many requests are answered; beyond it 429 and Retry-After.' },
);
export type LimitsConfig = Static<typeof Limits>;

export const Cache = Type.Object(
  {
    maxEntries: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'How many sessions. Default 100000.' }),
    ),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 65_536,
        maximum: 68_719_476_736,
        description: 'Memory for them, in bytes. Default 201326592 (192 MiB).',
      }),
    ),
  },
  {
    ...closed,
    description:
      'How many of the credentials that were issued each replica keeps; the least recently asked for go first.',
  },
);
export type CacheConfig = Static<typeof Cache>;
