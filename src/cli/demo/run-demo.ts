// The steps of `sallyport demo`. Callers with proofs of the sandbox's identity providers send requests to the broker, and
// their credentials are used against the sandbox STS. Each step states the expected result. Start reading at runDemo.
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { fetchAssertion } from '@sallyport/sandbox/internal/saml/fetch-assertion';
import type { Sandbox } from '@sallyport/sandbox/internal/sandbox';
import { describeSession } from './describe-session.js';
import { type DemoResponse, requestAsSdk, requestCredentials } from './request-credentials.js';

export interface DemoEnvironment {
  /** The broker's URL. */
  readonly broker: string;
  readonly sandbox: Pick<Sandbox, 'oidc' | 'saml' | 'sts' | 'users'>;
}

export interface DemoResult {
  readonly caller: string;
  readonly proof: string;
  readonly role: string;
  /** The STS operation that issued the credentials, or `none (cached)`; `-` if the request was denied. */
  readonly operation: string;
  /** The identity that STS sees behind the credentials, with session tags and source identity; or the error. */
  readonly result: string;
  /** Expiration of the credentials; `-` if the request was denied. */
  readonly expires: string;
  readonly asExpected: boolean;
}

interface Step {
  readonly caller: string;
  readonly proof: string;
  readonly role: string;
  request(): Promise<DemoResponse>;
  /** The operation and the result of describeSession, or the error code. */
  readonly expect: { readonly operation: string; readonly session: RegExp } | { readonly code: string };
}

const CACHED = 'none (cached)';

/** Runs all steps in order. Rejects only if a server of the sandbox does not respond. */
export async function runDemo(environment: DemoEnvironment): Promise<readonly DemoResult[]> {
  const results: DemoResult[] = [];
  for (const step of await createSteps(environment)) results.push(await runStep(step, environment));
  return results;
}

async function createSteps({ broker, sandbox }: DemoEnvironment): Promise<readonly Step[]> {
  const { oidc, saml, users } = sandbox;
  const passwordOf = (user: string) => users.find(({ name }) => name === user)?.password ?? '';
  const token = (user: string) =>
    fetchToken(oidc.issuer, { user, password: passwordOf(user), audience: 'sallyport' });
  const assertion = (user: string) => fetchAssertion(saml.ssoUrl, { user, password: passwordOf(user) });
  const exchange = (body: Readonly<Record<string, unknown>>, jwt?: string) =>
    requestCredentials(broker, body, jwt);

  const aliceAssertion = await assertion('alice');
  const JWT = 'OIDC JWT';
  const SAML = 'SAML assertion';
  return [
    {
      caller: 'alice',
      proof: JWT,
      role: 'deploy',
      request: async () => exchange({ Role: 'deploy' }, await token('alice')),
      expect: { operation: 'AssumeRoleWithWebIdentity', session: /:assumed-role\/deploy\// },
    },
    {
      caller: 'alice',
      proof: SAML,
      role: 's3-reader',
      request: () => exchange({ Role: 's3-reader', SAMLResponse: aliceAssertion }),
      expect: { operation: 'AssumeRoleWithSAML', session: /:assumed-role\/S3Reader\// },
    },
    {
      caller: 'bob',
      proof: SAML,
      role: 's3-reader',
      request: async () => exchange({ SAMLResponse: await assertion('bob') }),
      expect: { operation: 'AssumeRoleWithSAML', session: /:assumed-role\/S3Reader\// },
    },
    {
      caller: 'carol',
      proof: SAML,
      role: 'auditor (keyless)',
      request: async () => exchange({ Role: 'auditor', SAMLResponse: await assertion('carol') }),
      expect: {
        operation: 'AssumeRoleWithWebIdentity',
        session: /:assumed-role\/Auditor\/carol, tags team=compliance, SourceIdentity=carol@corp\.example$/,
      },
    },
    {
      caller: 'carol',
      proof: JWT,
      role: 'prod-admin (chained)',
      request: async () => exchange({ Role: 'prod-admin', Reason: 'the demo' }, await token('carol')),
      expect: {
        operation: 'AssumeRole',
        session: /::444455556666:assumed-role\/Admin\/carol, SourceIdentity=carol@corp\.example$/,
      },
    },
    {
      caller: 'alice',
      proof: JWT,
      role: 'partner-upload',
      request: async () => exchange({ Role: 'partner-upload' }, await token('alice')),
      expect: { operation: 'GetFederationToken', session: /:federated-user\/alice$/ },
    },
    {
      caller: 'alice',
      proof: JWT,
      role: 'deploy (repeated)',
      request: async () => exchange({ Role: 'deploy' }, await token('alice')),
      expect: { operation: CACHED, session: /:assumed-role\/deploy\// },
    },
    {
      caller: 'alice',
      proof: JWT,
      role: 'deploy (by an SDK)',
      request: async () => requestAsSdk(broker, 'deploy', await token('alice')),
      expect: { operation: 'AssumeRoleWithWebIdentity', session: /:assumed-role\/deploy\// },
    },
    {
      caller: 'mallory',
      proof: JWT,
      role: 'deploy',
      request: async () => exchange({ Role: 'deploy' }, await token('mallory')),
      expect: { code: 'role_not_permitted' },
    },
    {
      caller: 'mallory',
      proof: 'altered OIDC JWT',
      role: 'deploy',
      request: async () => exchange({ Role: 'deploy' }, alterClaim(await token('mallory'))),
      expect: { code: 'proof_invalid' },
    },
    {
      caller: 'mallory',
      proof: 'replayed assertion',
      role: 's3-reader',
      request: () => exchange({ Role: 's3-reader', SAMLResponse: aliceAssertion }),
      expect: { code: 'proof_replayed' },
    },
    {
      caller: 'alice',
      proof: JWT,
      role: 'deploy (12 hours)',
      request: async () => exchange({ Role: 'deploy', DurationSeconds: 43_200 }, await token('alice')),
      expect: { code: 'duration_exceeds_limit' },
    },
  ];
}

/** The same token with another claim: mallory claims alice's repository. */
function alterClaim(jwt: string): string {
  const [header, payload = '', signature] = jwt.split('.');
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const altered = Buffer.from(JSON.stringify({ ...claims, repository_id: '789' })).toString('base64url');
  return [header, altered, signature].join('.');
}

async function runStep(
  { caller, proof, role, request, expect }: Step,
  { sandbox }: DemoEnvironment,
): Promise<DemoResult> {
  const earlier = sandbox.sts.requests.length;
  const response = await request();
  if (!response.Credentials) {
    const result = `denied: ${response.status} ${response.code}`;
    const asExpected = 'code' in expect && response.code === expect.code;
    return { caller, proof, role, operation: '-', result, expires: '-', asExpected };
  }
  // The broker calls GetCallerIdentity for itself at any time; it issues no credentials.
  const issuing = sandbox.sts.requests
    .slice(earlier)
    .findLast(({ action }) => action !== 'GetCallerIdentity');
  const operation = issuing?.action ?? CACHED;
  const result = await describeSession(sandbox.sts, issuing, response, response.Credentials);
  const asExpected = 'session' in expect && operation === expect.operation && expect.session.test(result);
  return { caller, proof, role, operation, result, expires: response.Credentials.Expiration, asExpected };
}
