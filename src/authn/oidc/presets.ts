// Presets for identity providers: their issuer and keys, the form of `issuer` where each customer has their own, and the
// claims that identify the owner of a token where one issuer signs tokens for the general public.
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';

export type PresetName = NonNullable<OidcIssuer['preset']>;

export interface Preset {
  /** The issuer if the config names none, and the URL of its keys. */
  readonly defaults?: { readonly issuer: string; readonly jwksUri: string };
  /** Matches the issuers of this provider. The first group may be the value of `tenantClaim`. */
  readonly issuerPattern: RegExp;
  /** An issuer that matches, for the error message. */
  readonly example: string;
  /** What the operator must configure, in one sentence. */
  readonly instructions: string;
  readonly algorithms?: NonNullable<OidcIssuer['algorithms']>;
  /** Hosts, in addition to that of the issuer, allowed in `jwks_uri` of the discovery document. */
  readonly jwksHosts?: readonly string[];
  /** Claims that must have these values, unless `require` of the config overrides them. */
  readonly require?: Readonly<Record<string, string>>;
  /** A claim that must equal the first group of `issuerPattern`. */
  readonly tenantClaim?: string;
}

const HOST = 'https://[^/]+';
const GUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  'github-actions': {
    defaults: {
      issuer: 'https://token.actions.githubusercontent.com',
      jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
    },
    issuerPattern: new RegExp(`^${HOST}(?:/[^/]+)*$`),
    example: 'https://token.actions.githubusercontent.com',
    instructions: 'An owner claim in require, best repository_owner_id; issuer only for GitHub Enterprise.',
    algorithms: ['RS256'],
  },
  gitlab: {
    defaults: { issuer: 'https://gitlab.com', jwksUri: 'https://gitlab.com/oauth/discovery/keys' },
    issuerPattern: new RegExp(`^${HOST}(?:/[^/]+)*$`),
    example: 'https://gitlab.corp.example',
    instructions:
      'On gitlab.com an owner claim in require, best namespace_id; issuer only for a GitLab of your own.',
    algorithms: ['RS256'],
  },
  google: {
    defaults: {
      issuer: 'https://accounts.google.com',
      jwksUri: 'https://www.googleapis.com/oauth2/v3/certs',
    },
    issuerPattern: /^https:\/\/accounts\.google\.com$/,
    example: 'https://accounts.google.com',
    instructions: 'An owner claim in require: hd for a Workspace domain, or sub for service accounts.',
    algorithms: ['RS256'],
  },
  entra: {
    issuerPattern: new RegExp(
      `^https://(?:login\\.microsoftonline\\.(?:com|us)|login\\.partner\\.microsoftonline\\.cn|sts\\.windows\\.net)/(${GUID})/(?:v2\\.0)?$`,
    ),
    example: 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
    instructions: 'issuer with the id of your tenant: not common, organizations or consumers.',
    algorithms: ['RS256'],
    jwksHosts: ['login.microsoftonline.com', 'login.microsoftonline.us', 'login.partner.microsoftonline.cn'],
    tenantClaim: 'tid',
  },
  okta: {
    issuerPattern: new RegExp(`^${HOST}(?:/oauth2/[^/]+)?$`),
    example: 'https://corp.okta.com/oauth2/default',
    instructions: 'issuer of your org or of a custom authorization server, without a slash at the end.',
    algorithms: ['RS256'],
  },
  auth0: {
    issuerPattern: new RegExp(`^${HOST}/$`),
    example: 'https://corp.eu.auth0.com/',
    instructions: 'issuer of your tenant, with the slash at the end.',
    algorithms: ['RS256'],
  },
  keycloak: {
    issuerPattern: /^https?:\/\/[^/]+(?:\/[^/]+)*\/realms\/[^/]+$/,
    example: 'https://keycloak.corp.example/realms/corp',
    instructions:
      'issuer of your realm. ID tokens are accepted; for access tokens set require: { typ: Bearer } and authorizedParties.',
    algorithms: ['RS256', 'ES256', 'PS256'],
    require: { typ: 'ID' },
  },
  kubernetes: {
    issuerPattern: /^https?:\/\/[^/]+(?:\/[^/]+)*\/?$/,
    example: 'https://kubernetes.default.svc.cluster.local',
    instructions:
      'issuer as --service-account-issuer has it; for an API server in your network also private, ca, tokenFile and jwksUri. Pods need a projected token with the audience.',
    algorithms: ['RS256', 'ES256'],
  },
  eks: {
    issuerPattern:
      /^https:\/\/oidc[.-]eks\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)\/id\/[0-9A-Za-z]+$/,
    example: 'https://oidc.eks.eu-west-1.amazonaws.com/id/D539D4633E53DE1B71C1E2F3A4B5C6D7',
    instructions: 'issuer of your cluster: aws eks describe-cluster --query cluster.identity.oidc.issuer.',
    algorithms: ['RS256'],
  },
  cognito: {
    issuerPattern: /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[\w-]+$/,
    example: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE',
    instructions:
      'issuer of your user pool; the audience is the app client id. Only ID tokens have an audience.',
    algorithms: ['RS256'],
    require: { token_use: 'id' },
  },
};

/** Registered claims of RFC 7519 that any token may have. */
const REGISTERED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'];

// Only for providers whose claims an operator cannot extend, except for claims that `pattern` matches.
const CLAIMS_BY_PRESET: Readonly<
  Partial<Record<PresetName, { readonly names: readonly string[]; readonly pattern?: RegExp }>>
> = {
  'github-actions': {
    names: [
      'actor',
      'actor_id',
      'base_ref',
      'check_run_id',
      'enterprise',
      'enterprise_id',
      'environment',
      'environment_node_id',
      'event_name',
      'head_ref',
      'job_workflow_ref',
      'job_workflow_sha',
      'ref',
      'ref_protected',
      'ref_type',
      'repository',
      'repository_id',
      'repository_owner',
      'repository_owner_id',
      'repository_visibility',
      'run_attempt',
      'run_id',
      'run_number',
      'runner_environment',
      'sha',
      'workflow',
      'workflow_ref',
      'workflow_sha',
    ],
    pattern: /^repo_property_/,
  },
  kubernetes: { names: ['kubernetes.io'], pattern: /^kubernetes\.io\./ },
  eks: { names: ['kubernetes.io'], pattern: /^kubernetes\.io\./ },
};

/** Whether tokens of this preset can have a claim, or the member of one at a dotted path; undefined if unknown. */
export function presetSends(preset: PresetName, claim: string): boolean | undefined {
  const sent = CLAIMS_BY_PRESET[preset];
  if (!sent) return undefined;
  return REGISTERED.includes(claim) || sent.names.includes(claim) || (sent.pattern?.test(claim) ?? false);
}

interface PublicIssuer {
  readonly issuer: RegExp;
  readonly ownerClaims: readonly string[];
}

// Anyone can get a token from these issuers, for any audience. Without a required owner claim, everyone would be trusted.
const PUBLIC_ISSUERS: readonly PublicIssuer[] = [
  {
    issuer: /^https:\/\/token\.actions\.githubusercontent\.com\/?$/,
    ownerClaims: [
      'repository_owner_id',
      'repository_id',
      'enterprise_id',
      'repository_owner',
      'repository',
      'enterprise',
    ],
  },
  {
    issuer: /^https:\/\/gitlab\.com\/?$/,
    ownerClaims: ['namespace_id', 'project_id', 'namespace_path', 'project_path'],
  },
  { issuer: /^https:\/\/accounts\.google\.com\/?$/, ownerClaims: ['hd', 'sub'] },
  // The tenant of all personal Microsoft accounts.
  { issuer: /\/9188040d-6c67-4c5b-b112-36a304b66dad\//, ownerClaims: ['oid', 'sub'] },
];

/**
 * The claims of which `require` must have at least one if this issuer signs tokens for the general public. Selected by URL,
 * so that the check also applies without the preset.
 */
export function ownerClaimsFor(issuer: string): readonly string[] | undefined {
  return PUBLIC_ISSUERS.find((known) => known.issuer.test(issuer))?.ownerClaims;
}
