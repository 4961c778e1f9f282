// The whole config as one JSON Schema: the validator, the types and the editors' completion all come from it.
import { type Static, type TSchema, Type } from 'typebox';
import { Aws } from './aws.js';
import { Grant, matcherDefinition } from './grant.js';
import { Cache, Limits } from './limits.js';
import { Lint } from './lint.js';
import { OidcIssuer } from './oidc-issuer.js';
import { PolicyTest } from './policy-test.js';
import { BASE_URL_PATTERN, closed, discriminatedUnion, NAME_PATTERN } from './primitives.js';
import {
  AssumeRoleRole,
  AssumeRoleWithSamlRole,
  AssumeRoleWithWebIdentityRole,
  GetFederationTokenRole,
  GetSessionTokenRole,
  type RoleConfig,
} from './role.js';
import { type RolesFromConfig, RolesFromSaml, RolesFromWebIdentity } from './roles-from.js';
import { SamlIssuer } from './saml-issuer.js';
import { Store } from './store.js';
import { WebIdentity } from './web-identity.js';

const named = <T extends TSchema>(value: T, description: string) =>
  Type.Record(Type.String({ pattern: NAME_PATTERN }), value, { ...closed, description });

const Server = Type.Object(
  {
    url: Type.String({
      pattern: BASE_URL_PATTERN,
      description: 'Public base URL, without a slash at the end, e.g. https://sallyport.corp.example.',
    }),
    listen: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(
            Type.String({ minLength: 1, description: 'Address to listen on. Default 127.0.0.1.' }),
          ),
          port: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 65_535,
              description: 'TCP port; 0 takes a free one. Default 8443.',
            }),
          ),
        },
        { ...closed, description: 'Where to listen.' },
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          cert: Type.String({ minLength: 1, description: 'PEM file of the certificate and its chain.' }),
          key: Type.String({ minLength: 1, description: 'PEM file of the private key.' }),
        },
        { ...closed, description: 'Serve https (TLS 1.2 or later) with this certificate.' },
      ),
    ),
    cookieKey: Type.Optional(
      Type.String({
        minLength: 32,
        maxLength: 1024,
        description:
          'A secret of 32 random bytes or more that all replicas share, which seals the cookies of sign-ins with a browser. Write ${env:NAME} or ${file:PATH} here. Default: a random one of each process, so that a sign-in must end at the replica where it began.',
      }),
    ),
    trustProxy: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: 'Addresses or CIDR blocks of proxies whose X-Forwarded-For is believed.',
      }),
    ),
  },
  { ...closed, description: 'How callers reach the broker.' },
);

const Audit = Type.Object(
  {
    sinks: Type.Array(
      discriminatedUnion<{ type: 'stdout' } | { type: 'file'; path: string }>(
        'type',
        [
          Type.Object({ type: Type.Literal('stdout') }, closed),
          Type.Object(
            {
              type: Type.Literal('file'),
              path: Type.String({
                minLength: 1,
                description: 'The file: created for its owner alone, appended to, synced to disk.',
              }),
            },
            closed,
          ),
        ],
        'Where records go: `stdout`, or `file` with a path.',
      ),
      {
        minItems: 1,
        maxItems: 4,
        description: 'Every sink must take a record before anything is handed out.',
      },
    ),
  },
  { ...closed, description: 'The audit log: JSON lines. Default: stdout.' },
);

export const ConfigSchema = Type.Object(
  {
    server: Server,
    aws: Aws,
    issuers: named(
      discriminatedUnion<OidcIssuer | SamlIssuer>(
        'type',
        [OidcIssuer, SamlIssuer],
        'An identity provider, by type: oidc or saml.',
      ),
      'The identity providers whose proofs are accepted, by name.',
    ),
    roles: named(
      discriminatedUnion<RoleConfig>(
        'via',
        [
          AssumeRoleRole,
          AssumeRoleWithSamlRole,
          AssumeRoleWithWebIdentityRole,
          GetFederationTokenRole,
          GetSessionTokenRole,
        ],
        'Something the broker can issue, by the STS operation that yields it.',
      ),
      'What can be issued, by name.',
    ),
    rolesFrom: Type.Optional(
      named(
        discriminatedUnion<RolesFromConfig>(
          'via',
          [RolesFromSaml, RolesFromWebIdentity],
          'Roles that a claim names by ARN, by the STS operation that yields them.',
        ),
        'Roles that a claim of the caller names, inside an allowlist. Grants name them by the name of the entry, or by ARN.',
      ),
    ),
    grants: Type.Array(Grant, { description: 'Who may have what. Their order does not matter.' }),
    webIdentity: Type.Optional(WebIdentity),
    audit: Type.Optional(Audit),
    store: Type.Optional(Store),
    limits: Type.Optional(Limits),
    cache: Type.Optional(Cache),
    tests: Type.Optional(
      Type.Array(PolicyTest, { description: 'Decisions that must come out so; run by sallyport check.' }),
    ),
    lint: Type.Optional(Lint),
    shadow: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Another config file, a candidate: its roles and grants are asked beside these for every request. Differences go to log and metric, never to the caller.',
      }),
    ),
  },
  { ...closed, $defs: { matcher: matcherDefinition }, description: 'The config of Sallyport.' },
);
export type Config = Static<typeof ConfigSchema>;
