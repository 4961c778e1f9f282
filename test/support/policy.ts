// Compiled policies, principals and refusals for tests of decisions.
import { compilePolicy, type Policy } from '../../src/authz/policy.js';
import type { Config } from '../../src/config/schema/config.js';
import type { RoleConfig } from '../../src/config/schema/role.js';
import { SallyportError } from '../../src/core/errors.js';
import type { Claims, Principal } from '../../src/core/types.js';

export const NOW = new Date('2026-11-21T12:00:00.250Z');
export const SECONDS = Math.floor(NOW.getTime() / 1000);

const DEPLOY_ARN = 'arn:aws:iam::111122223333:role/deploy';

export const web = { via: 'AssumeRoleWithWebIdentity', roleArn: DEPLOY_ARN } as const satisfies RoleConfig;
export const saml = {
  via: 'AssumeRoleWithSAML',
  roleArn: 'arn:aws:iam::111122223333:role/S3Reader',
  principalArn: 'arn:aws:iam::111122223333:saml-provider/Adfs',
} as const satisfies RoleConfig;
export const federation = { via: 'GetFederationToken' } as const satisfies RoleConfig;

/** A config with the issuers `ci` and `corp` (OIDC) and `adfs` (SAML). */
export function configOf(
  roles: Readonly<Record<string, RoleConfig>>,
  grants: readonly Config['grants'][number][],
): Config {
  const oidc = (issuer: string) => ({ type: 'oidc' as const, issuer, audience: 'sallyport' });
  return {
    server: { url: 'https://sallyport.corp.example' },
    aws: { region: 'eu-west-1' },
    issuers: {
      ci: oidc('https://ci.example'),
      corp: oidc('https://login.corp.example'),
      adfs: { type: 'saml', metadata: '/etc/adfs.xml' },
    },
    roles: { ...roles },
    grants: [...grants],
  };
}

/** The compiled policy of a valid config. Throws if it is invalid. */
export function policyOf(...parts: Parameters<typeof configOf>): Policy {
  const { policy, errors } = compilePolicy(configOf(...parts));
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return policy;
}

/** Claims without a prototype, as a verifier returns them. */
export const claimsOf = (claims: object): Claims => Object.assign(Object.create(null), claims);

export function principalOf(claims: object = {}, values: Partial<Principal> = {}): Principal {
  return {
    issuer: 'corp',
    type: 'oidc',
    subject: 'alice',
    claims: claimsOf({ sub: 'alice', ...claims }),
    issuedAt: SECONDS - 60,
    expiresAt: SECONDS + 3600,
    ...values,
  };
}

/** The refusal that `run` throws, as a plain value with its reason. Other errors are rethrown. */
export function refusalOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    const { code, reason, detail, members } = error;
    return { code, reason, detail, members };
  }
  return undefined;
}
