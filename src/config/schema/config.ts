// Entry point of this folder: the whole config as one JSON Schema, with one file per section. The validator, the
// TypeScript types, the published JSON Schema and the tables in docs/configuration.md all come from it.
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

const mapByName = <T extends TSchema>(value: T, description: string) =>
  Type.Record(Type.String({ pattern: NAME_PATTERN }), value, { ...closed, description });

const Server = Type.Object(
  {
    url: Type.String({
      pattern: BASE_URL_PATTERN,
      description:
        'Public base URL of the broker without a trailing slash, for example https://sallyport.corp.example.',
    }),
    listen: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'IP address or host name to listen on. Default: 127.0.0.1.',
            }),
          ),
          port: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 65_535,
              description:
                'TCP port to listen on, 0 to 65535. With 0 the operating system chooses a free port. Default: 8443.',
            }),
          ),
        },
        { ...closed, description: 'Address and port to listen on.' },
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          cert: Type.String({ minLength: 1, description: 'PEM file with the certificate and its chain.' }),
          key: Type.String({
            minLength: 1,
            description: 'PEM file with the private key, without a passphrase.',
          }),
        },
        { ...closed, description: 'Serve HTTPS (TLS 1.2 or later) with this certificate. Default: HTTP.' },
      ),
    ),
    cookieKey: Type.Optional(
      Type.String({
        minLength: 32,
        maxLength: 1024,
        description:
          'Secret of 32 to 1024 characters that encrypts the cookies of browser sign-ins. Use the same value on all replicas, from ${env:NAME} or ${file:PATH}. Default: a random key for each process, so a sign-in must finish on the replica where it started.',
      }),
    ),
    trustProxy: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description:
          'IP addresses or CIDR blocks of proxies whose X-Forwarded-For header the broker trusts. Default: none.',
      }),
    ),
  },
  { ...closed, description: 'The HTTP server: public URL, listener, TLS and trusted proxies.' },
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
                description:
                  'Path of the log file. The broker creates it with mode 0600, appends to it and syncs every record to disk.',
              }),
            },
            closed,
          ),
        ],
        'A destination for audit records: `stdout`, or `file` with a path.',
      ),
      {
        minItems: 1,
        maxItems: 4,
        description:
          '1 to 4 destinations. Every sink must accept a record before the broker returns credentials.',
      },
    ),
  },
  { ...closed, description: 'The audit log, in JSON Lines format. Default: one `stdout` sink.' },
);

export const ConfigSchema = Type.Object(
  {
    server: Server,
    aws: Aws,
    issuers: mapByName(
      discriminatedUnion<OidcIssuer | SamlIssuer>(
        'type',
        [OidcIssuer, SamlIssuer],
        'An identity provider. `type` selects OIDC or SAML.',
      ),
      'The identity providers whose tokens and assertions are accepted, by name.',
    ),
    roles: mapByName(
      discriminatedUnion<RoleConfig>(
        'via',
        [
          AssumeRoleRole,
          AssumeRoleWithSamlRole,
          AssumeRoleWithWebIdentityRole,
          GetFederationTokenRole,
          GetSessionTokenRole,
        ],
        'A role that the broker can issue. `via` selects the STS operation.',
      ),
      'The roles that the broker can issue, by name.',
    ),
    rolesFrom: Type.Optional(
      mapByName(
        discriminatedUnion<RolesFromConfig>(
          'via',
          [RolesFromSaml, RolesFromWebIdentity],
          'Roles that a claim names by ARN. `via` selects the STS operation.',
        ),
        'Allowlists for IAM roles that a claim of the caller names by ARN. Grants refer to them by the name of the entry or by ARN.',
      ),
    ),
    grants: Type.Array(Grant, {
      description: 'The grants: which principals may use which roles. Their order does not matter.',
    }),
    webIdentity: Type.Optional(WebIdentity),
    audit: Type.Optional(Audit),
    store: Type.Optional(Store),
    limits: Type.Optional(Limits),
    cache: Type.Optional(Cache),
    tests: Type.Optional(
      Type.Array(PolicyTest, {
        description: 'Policy tests: decisions that the config must produce. `sallyport check` runs them.',
      }),
    ),
    lint: Type.Optional(Lint),
    shadow: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Path of a candidate config file. Its roles and grants are evaluated for every request as well; differences appear in the log and in a metric, never in a response.',
      }),
    ),
  },
  { ...closed, $defs: { matcher: matcherDefinition }, description: 'The Sallyport config.' },
);
export type Config = Static<typeof ConfigSchema>;
