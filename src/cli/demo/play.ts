// The demo's callers: people with a proof from the sandbox's identity providers, who ask the broker over HTTP and then
// use what they got against STS. Each step knows what must come of it.
import { fetchToken } from '@sallyport/sandbox/internal/oidc/fetch-token';
import { fetchAssertion } from '@sallyport/sandbox/internal/saml/fetch-assertion';
import type { Sandbox } from '@sallyport/sandbox/internal/sandbox';
import { type Answer, whatStsSays } from './get-caller-identity.js';
import { askAsSdk } from './sdk-client.js';

export interface DemoStage {
  /** The broker's URL. */
  readonly broker: string;
  readonly sandbox: Pick<Sandbox, 'oidc' | 'saml' | 'sts' | 'users'>;
}

export interface DemoResult {
  readonly who: string;
  readonly proof: string;
  readonly role: string;
  /** What STS was asked, or that it was not; `-` where it was refused. */
  readonly operation: string;
  /** The identity STS sees behind the credentials, with what a token of the broker says of it; or the refusal. */
  readonly outcome: string;
  /** Expiration of the credentials, or `-`. */
  readonly until: string;
  readonly asExpected: boolean;
}

interface Step {
  readonly who: string;
  readonly proof: string;
  readonly role: string;
  ask(): Promise<Answer>;
  /** What STS must be asked, if it is to be asked at all; or the code that must refuse. */
  readonly expect: { readonly operation: string; readonly outcome: RegExp } | { readonly code: string };
}

const FROM_CACHE = 'none: from the cache';

/** Plays every step in order. Rejects only if a part of the sandbox does not answer at all. */
export async function playDemo(stage: DemoStage): Promise<readonly DemoResult[]> {
  const results: DemoResult[] = [];
  for (const step of await steps(stage)) results.push(await play(step, stage));
  return results;
}

async function steps({ broker, sandbox }: DemoStage): Promise<readonly Step[]> {
  const { oidc, saml, users } = sandbox;
  const passwordOf = (user: string) => users.find(({ name }) => name === user)?.password ?? '';
  const token = (user: string) =>
    fetchToken(oidc.issuer, { user, password: passwordOf(user), audience: 'sallyport' });
  const assertion = (user: string) => fetchAssertion(saml.ssoUrl, { user, password: passwordOf(user) });

  const exchange = async (body: Readonly<Record<string, unknown>>, jwt?: string): Promise<Answer> => {
    const response = await fetch(`${broker}/v1/credentials`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(jwt !== undefined && { authorization: `Bearer ${jwt}` }),
      },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Answer;
  };

  const onceUsed = await assertion('alice');
  const JWT = 'OIDC JWT';
  const SAML = 'SAML assertion';
  return [
    {
      who: 'alice',
      proof: JWT,
      role: 'deploy',
      ask: async () => exchange({ Role: 'deploy' }, await token('alice')),
      expect: { operation: 'AssumeRoleWithWebIdentity', outcome: /:assumed-role\/deploy\// },
    },
    {
      who: 'alice',
      proof: SAML,
      role: 's3-reader',
      ask: () => exchange({ Role: 's3-reader', SAMLResponse: onceUsed }),
      expect: { operation: 'AssumeRoleWithSAML', outcome: /:assumed-role\/S3Reader\// },
    },
    {
      who: 'bob',
      proof: SAML,
      role: 's3-reader',
      ask: async () => exchange({ SAMLResponse: await assertion('bob') }),
      expect: { operation: 'AssumeRoleWithSAML', outcome: /:assumed-role\/S3Reader\// },
    },
    {
      who: 'carol',
      proof: SAML,
      role: 'auditor, keyless',
      ask: async () => exchange({ Role: 'auditor', SAMLResponse: await assertion('carol') }),
      expect: {
        operation: 'AssumeRoleWithWebIdentity',
        outcome: /:assumed-role\/Auditor\/carol, tags team=compliance, SourceIdentity=carol@corp\.example$/,
      },
    },
    {
      who: 'carol',
      proof: JWT,
      role: 'prod-admin, by a chain',
      ask: async () => exchange({ Role: 'prod-admin', Reason: 'the demo' }, await token('carol')),
      expect: {
        operation: 'AssumeRole',
        outcome: /::444455556666:assumed-role\/Admin\/carol, SourceIdentity=carol@corp\.example$/,
      },
    },
    {
      who: 'alice',
      proof: JWT,
      role: 'partner-upload',
      ask: async () => exchange({ Role: 'partner-upload' }, await token('alice')),
      expect: { operation: 'GetFederationToken', outcome: /:federated-user\/alice$/ },
    },
    {
      who: 'alice',
      proof: JWT,
      role: 'deploy, again',
      ask: async () => exchange({ Role: 'deploy' }, await token('alice')),
      expect: { operation: FROM_CACHE, outcome: /:assumed-role\/deploy\// },
    },
    {
      who: 'alice',
      proof: JWT,
      role: 'deploy, as SDKs ask',
      ask: async () => askAsSdk(broker, 'deploy', await token('alice')),
      expect: { operation: 'AssumeRoleWithWebIdentity', outcome: /:assumed-role\/deploy\// },
    },
    {
      who: 'mallory',
      proof: JWT,
      role: 'deploy',
      ask: async () => exchange({ Role: 'deploy' }, await token('mallory')),
      expect: { code: 'role_not_permitted' },
    },
    {
      who: 'mallory',
      proof: 'JWT, tampered with',
      role: 'deploy',
      ask: async () => exchange({ Role: 'deploy' }, tampered(await token('mallory'))),
      expect: { code: 'proof_invalid' },
    },
    {
      who: 'mallory',
      proof: "alice's assertion again",
      role: 's3-reader',
      ask: () => exchange({ Role: 's3-reader', SAMLResponse: onceUsed }),
      expect: { code: 'proof_replayed' },
    },
    {
      who: 'alice',
      proof: JWT,
      role: 'deploy, for 12 h',
      ask: async () => exchange({ Role: 'deploy', DurationSeconds: 43_200 }, await token('alice')),
      expect: { code: 'duration_exceeds_limit' },
    },
  ];
}

/** The same token with another claim in it: mallory now says to be of alice's repository. */
function tampered(jwt: string): string {
  const [header, payload = '', signature] = jwt.split('.');
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, repository_id: '789' })).toString('base64url');
  return [header, changed, signature].join('.');
}

async function play({ who, proof, role, ask, expect }: Step, { sandbox }: DemoStage): Promise<DemoResult> {
  const before = sandbox.sts.requests.length;
  const answer = await ask();
  const asked = { who, proof, role };
  if (!answer.Credentials) {
    const outcome = `refused: ${answer.status} ${answer.code}`;
    const asExpected = 'code' in expect && answer.code === expect.code;
    return { ...asked, operation: '-', outcome, until: '-', asExpected };
  }
  // The broker asks who it is itself whenever it likes; that issues nothing.
  const issuing = sandbox.sts.requests.slice(before).findLast(({ action }) => action !== 'GetCallerIdentity');
  const operation = issuing?.action ?? FROM_CACHE;
  const outcome = await whatStsSays(sandbox.sts, issuing, answer, answer.Credentials);
  const asExpected = 'outcome' in expect && operation === expect.operation && expect.outcome.test(outcome);
  return { ...asked, operation, outcome, until: answer.Credentials.Expiration, asExpected };
}
