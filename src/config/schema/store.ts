// The section `store`: where replicas share which single-use proofs were used and how many requests were counted.
import { type Static, Type } from 'typebox';
import { closed, discriminatedUnion } from './primitives.js';

const SERVER_PATTERN = '^rediss?://(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?$';

const server = (description: string) => Type.String({ pattern: SERVER_PATTERN, description });

const servers = (description: string) =>
  Type.Array(server('URL redis://host:port, or rediss://host:port for TLS.'), {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    description,
  });

const access = {
  username: Type.Optional(
    Type.String({ minLength: 1, description: 'ACL user name. Default: the default user.' }),
  ),
  password: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Password of the server. Use ${env:NAME} or ${file:PATH}. Default: none.',
    }),
  ),
  tls: Type.Optional(
    Type.Object(
      {
        ca: Type.String({
          minLength: 1,
          description: 'PEM file with the certificate authorities to trust.',
        }),
      },
      {
        ...closed,
        description:
          'TLS settings for rediss:// servers. Default: the public certificate authorities are trusted.',
      },
    ),
  ),
  keyPrefix: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$',
      description:
        'Prefix of every key, 1 to 64 characters, so that several deployments can share a server. Default: sallyport:',
    }),
  ),
};

const minReplicas = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 10,
    description:
      'Number of Redis replicas, 0 to 10, that must acknowledge a write (WAIT) before a single-use proof is accepted. Replication is asynchronous: with 0, a failover can lose the last writes, and those proofs could be used again. Default: 0.',
  }),
);

const MemoryStore = Type.Object({ type: Type.Literal('memory') }, closed);

const RedisStore = Type.Object(
  {
    type: Type.Literal('redis'),
    url: server('URL of the server: redis://host:port, or rediss://host:port for TLS. Default port: 6379.'),
    minReplicas,
    ...access,
  },
  { ...closed, description: 'A Redis or Valkey server, or an address that follows the primary.' },
);

const RedisSentinelStore = Type.Object(
  {
    type: Type.Literal('redis-sentinel'),
    master: Type.String({ minLength: 1, description: 'Name of the master that the sentinels monitor.' }),
    sentinels: servers(
      'URLs of the sentinels, at most 50. Default port: 26379. rediss:// enables TLS to the sentinels and to the servers that they report.',
    ),
    sentinelUsername: Type.Optional(
      Type.String({ minLength: 1, description: 'User name for the sentinels. Default: the default user.' }),
    ),
    sentinelPassword: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Password for the sentinels. Use ${env:NAME} or ${file:PATH}. Default: none.',
      }),
    ),
    minReplicas,
    ...access,
  },
  { ...closed, description: 'Redis or Valkey with Sentinel.' },
);

const RedisClusterStore = Type.Object(
  {
    type: Type.Literal('redis-cluster'),
    nodes: servers(
      'URLs of some nodes of the cluster, at most 50; the client discovers the others. Default port: 6379.',
    ),
    ...access,
  },
  {
    ...closed,
    description: 'A Redis or Valkey Cluster. All records of single-use proofs are in one hash slot.',
  },
);

export type RedisStore =
  | Static<typeof RedisStore>
  | Static<typeof RedisSentinelStore>
  | Static<typeof RedisClusterStore>;

export type StoreConfig = Static<typeof MemoryStore> | RedisStore;

export const Store = discriminatedUnion<StoreConfig>(
  'type',
  [MemoryStore, RedisStore, RedisSentinelStore, RedisClusterStore],
  'Store for the state that replicas share: used single-use proofs and rate-limit counters. `type` is memory (one replica only), redis, redis-sentinel or redis-cluster. A server needs maxmemory-policy noeviction. Default: memory.',
);
