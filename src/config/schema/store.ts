// What is kept between requests, in the config: the store of claims on single-use proofs, the limits on requests, and
// how much of what was issued.
import { type Static, Type } from 'typebox';
import { closed, discriminatedUnion } from './primitives.js';

const SERVER_PATTERN = '^rediss?://(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?$';

const server = (description: string) => Type.String({ pattern: SERVER_PATTERN, description });

const servers = (description: string) =>
  Type.Array(server('redis://host:port, or rediss://host:port for TLS.'), {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    description,
  });

const access = {
  username: Type.Optional(
    Type.String({ minLength: 1, description: 'User of the ACL. Default: the default user.' }),
  ),
  password: Type.Optional(
    Type.String({ minLength: 1, description: 'Write ${env:NAME} or ${file:PATH} here.' }),
  ),
  tls: Type.Optional(
    Type.Object(
      {
        ca: Type.String({
          minLength: 1,
          description: 'PEM file of the certificate authorities to trust, instead of the public ones.',
        }),
      },
      { ...closed, description: 'How rediss:// servers are trusted.' },
    ),
  ),
  keyPrefix: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$',
      description: 'Begins every key, for deployments that share a server. Default sallyport:.',
    }),
  ),
};

const minReplicas = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 10,
    description:
      'A claim counts once this many replicas have acknowledged it (WAIT). Replication is asynchronous: with 0, a failover may forget the claims of its last moments, and those proofs could be used again. Default 0.',
  }),
);

const MemoryStore = Type.Object({ type: Type.Literal('memory') }, closed);

const RedisStore = Type.Object(
  {
    type: Type.Literal('redis'),
    url: server('The server: redis://host:port, or rediss://host:port for TLS. Port 6379 by default.'),
    minReplicas,
    ...access,
  },
  { ...closed, description: 'One Redis or Valkey server, or an address that follows the primary.' },
);

const RedisSentinelStore = Type.Object(
  {
    type: Type.Literal('redis-sentinel'),
    master: Type.String({ minLength: 1, description: 'Name of the master that the sentinels watch.' }),
    sentinels: servers(
      'The sentinels, port 26379 by default. rediss:// means TLS to them and to the servers they name.',
    ),
    sentinelUsername: Type.Optional(Type.String({ minLength: 1, description: 'User at the sentinels.' })),
    sentinelPassword: Type.Optional(
      Type.String({ minLength: 1, description: 'Password of the sentinels: ${env:NAME} or ${file:PATH}.' }),
    ),
    minReplicas,
    ...access,
  },
  { ...closed, description: 'Redis or Valkey watched by Sentinel.' },
);

const RedisClusterStore = Type.Object(
  {
    type: Type.Literal('redis-cluster'),
    nodes: servers('Some nodes of the cluster, port 6379 by default; the others are found from them.'),
    ...access,
  },
  { ...closed, description: 'A Redis or Valkey Cluster. All claims are in one hash slot.' },
);

export type RedisStore =
  | Static<typeof RedisStore>
  | Static<typeof RedisSentinelStore>
  | Static<typeof RedisClusterStore>;

export type StoreConfig = Static<typeof MemoryStore> | RedisStore;

export const Store = discriminatedUnion<StoreConfig>(
  'type',
  [MemoryStore, RedisStore, RedisSentinelStore, RedisClusterStore],
  'What replicas share, by type: memory (one replica only; the default), redis, redis-sentinel or redis-cluster. The server must keep what it is given: maxmemory-policy noeviction.',
);
