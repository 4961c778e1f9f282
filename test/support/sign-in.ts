// Broker replicas for browser sign-in without a network: browsers with a cookie jar, an IdP that sends what the test wants,
// and a fixed clock.

import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { Secret } from '@sallyport/client/internal/secret';
import type { Test } from 'tap';
import { Authenticator } from '../../src/authn/authenticate.js';
import { ServiceProvider } from '../../src/authn/saml/metadata/service-provider.js';
import { createSamlVerifier } from '../../src/authn/saml/verifier.js';
import { compilePolicy } from '../../src/authz/policy.js';
import type { AuditRecord } from '../../src/core/audit-record.js';
import type { ReplayStore } from '../../src/core/ports.js';
import type { Decision } from '../../src/core/types.js';
import { Seal } from '../../src/portal/seal.js';
import { MemoryReplayStore } from '../../src/replay/memory-replay-store.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import { createSurfaces } from '../../src/surfaces.js';
import { appOptions } from './app-options.js';
import { auditOf, operationsOf } from './pipeline.js';
import { configOf, federation } from './policy.js';
import { managerOf, runtimeOf } from './runtime.js';
import {
  type AssertionValues,
  assertion,
  ENTITY_ID,
  fixture,
  metadata,
  NOW,
  type ResponseValues,
  response,
  sign,
} from './saml-documents.js';
import { base64, folderWith, SERVER_URL, sharedCrossCheck, silent } from './saml-verifier.js';

export const ACS = `${SERVER_URL}/saml/acs`;
export const SP = `${SERVER_URL}/saml/metadata`;
const OTHER_IDP = 'https://idp.partner.example/saml';

type App = Awaited<ReturnType<typeof createSurfaces>>;

export interface Shown {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly location: string;
  /** `code reason` of a refusal, as the log has it; `issued` for credentials. */
  readonly outcome: string;
}

export interface Broker {
  readonly app: App;
  readonly records: readonly AuditRecord[];
  readonly issued: readonly Decision[];
  /** `code reason` of every refusal. */
  readonly refused: readonly string[];
}

export interface SignInOptions {
  readonly seal?: Pick<Seal, 'seal' | 'open'>;
  readonly replay?: ReplayStore;
  /** Of `corp`. */
  readonly unsolicited?: 'accept';
  readonly now?: () => Date;
}

const session = { name: '${slug(claims.NameID)}', maxDuration: '1h' };
const SINCE = NOW.getTime() - 3_600_000;

export const sharedSeal = () => new Seal(new Secret('0123456789abcdef0123456789abcdef'));
export const sharedStore = () => new MemoryReplayStore(() => new Date(SINCE));

/** A broker with the issuers `corp` and `partner` for people, and `api` for AWS. */
export async function startSignIn(t: Test, options: SignInOptions = {}): Promise<Broker> {
  const { seal = sharedSeal(), replay = sharedStore(), now = () => NOW, unsolicited } = options;
  const folder = folderWith(t, {
    'corp.xml': metadata(),
    'partner.xml': metadata(['idp-next'], { entityId: OTHER_IDP }),
    'post-only.xml': metadata(['ec'], { entityId: 'https://post.example' }).replace(/<md:Single[^>]*>/, ''),
  });
  const saml = { type: 'saml', metadata: join(folder, 'corp.xml') } as const;
  const partner = { ...saml, metadata: join(folder, 'partner.xml'), audience: 'sallyport' } as const;
  const postOnly = { ...partner, metadata: join(folder, 'post-only.xml'), unsolicited: 'accept' } as const;
  const issuers = {
    api: saml,
    corp: { ...saml, audience: 'sallyport', ...(unsolicited && { unsolicited }) },
    partner,
    'post-only': postOnly,
  } as const;
  const names = ['corp', 'partner', 'post-only'];
  const { policy, errors } = compilePolicy({
    ...configOf({ reader: { ...federation, session }, writer: { ...federation, session } }, [
      { id: 'all', issuer: names, match: { groups: { anyOf: ['analysts'] } }, roles: ['reader'] },
      { id: 'some', issuer: names, match: { NameID: { anyOf: ['alice', '"><script>'] } }, roles: ['writer'] },
    ]),
    issuers,
  });
  const created = await createSamlVerifier({
    issuers,
    serverUrl: SERVER_URL,
    log: silent,
    crossCheck: sharedCrossCheck,
  });
  if (!created.ok || errors.length > 0) throw new Error('errors in the config');
  t.teardown(() => created.verifier.close());
  const { verifier, idpRegistry } = created;

  const records: AuditRecord[] = [];
  const issued: Decision[] = [];
  const refused: string[] = [];
  const note = (fields: Readonly<Record<string, unknown>>) => {
    if (fields['code'] !== undefined) refused.push(`${fields['code']} ${fields['reason']}`);
  };
  const runtime: Partial<Runtime> = {
    policy,
    verifiers: { saml: verifier, oidc: verifier },
    serviceProvider: new ServiceProvider(idpRegistry, SERVER_URL),
    issuer: {
      sweep: async () => {},
      getOrIssue: async ({ decision }, { beforeSts }) => {
        await beforeSts();
        issued.push(decision);
        return {
          credentials: {
            accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
            secretAccessKey: new Secret('secret/key'),
            sessionToken: new Secret('session+token=='),
            expiration: new Date(NOW.getTime() + 3_600_000),
          },
          federatedUser: {
            federatedUserId: '1',
            arn: `arn:aws:sts::1:federated-user/${decision.session.name}`,
          },
        };
      },
    },
  };
  const { exchange } = operationsOf({
    runtime,
    authenticator: new Authenticator(replay),
    audit: auditOf(records),
    now,
  });
  const app = await createSurfaces({
    ...appOptions(),
    exchange,
    configManager: managerOf(runtimeOf(runtime)),
    seal,
    now,
    log: { ...silent, info: note, error: note },
    serverUrl: SERVER_URL,
  });
  t.teardown(() => app.close());
  return { app, records, issued, refused };
}

/** Keeps cookies by name, as a browser does, until they are deleted. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** Attributes of each cookie that was set. */
  readonly setCookies: string[] = [];

  async get(broker: Broker, url: string, headers: Record<string, string> = {}): Promise<Shown> {
    return this.#send(broker, { method: 'GET', url, headers });
  }

  /** Posts a response of the IdP to the ACS. */
  async post(broker: Broker, SAMLResponse: string, headers: Record<string, string> = {}): Promise<Shown> {
    return this.#send(broker, {
      method: 'POST',
      url: '/saml/acs',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams({ SAMLResponse, RelayState: 'https://evil.example' }).toString(),
    });
  }

  /** Starts a sign-in. Returns the ID of the AuthnRequest. */
  async begin(broker: Broker, url = '/login/corp?Role=reader'): Promise<string> {
    return requestOf(await this.get(broker, url)).id;
  }

  async #send(
    broker: Broker,
    request: { method: 'GET' | 'POST'; url: string; headers: Record<string, string>; payload?: string },
  ): Promise<Shown> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await broker.app.inject({
      ...request,
      headers: { ...request.headers, ...(cookie !== '' && { cookie }) },
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*); (.*)$/.exec(line) ?? [];
      this.setCookies.push(line);
      if (attributes.startsWith('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      location: String(answer.headers.location ?? ''),
      outcome: answer.statusCode === 200 ? 'issued' : (broker.refused.at(-1) ?? ''),
    };
  }
}

/** The AuthnRequest in a redirect. */
export function requestOf({ location }: Shown): {
  readonly id: string;
  readonly xml: string;
  readonly url: URL;
} {
  const url = new URL(location);
  const xml = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
  return { id: / ID="([^"]+)"/.exec(xml)?.[1] ?? '', xml, url };
}

let responses = 0;

/** The response of `corp` to a request: signed, addressed to the broker, with its own assertion ID. */
export function responseTo(
  inResponseTo: string | undefined,
  values: AssertionValues = {},
  responseValues: ResponseValues = {},
): string {
  const id = `_answer-${responses++}`;
  const conditions = `<saml:AudienceRestriction><saml:Audience>${SP}</saml:Audience></saml:AudienceRestriction>`;
  const content = assertion({ id, recipient: ACS, conditions, inResponseTo, ...values });
  return base64(
    response(sign(content, values.id ?? id), { destination: ACS, inResponseTo, ...responseValues }),
  );
}

/** The same, from the IdP of `partner`. */
export function answerOfPartner(inResponseTo: string | undefined): string {
  const id = `_partner-${responses++}`;
  const conditions = `<saml:AudienceRestriction><saml:Audience>${SP}</saml:Audience></saml:AudienceRestriction>`;
  const other = (xml: string) => xml.replaceAll(ENTITY_ID, OTHER_IDP);
  const content = other(assertion({ id, recipient: ACS, conditions, inResponseTo }));
  const signed = sign(content, id, { key: fixture('idp-next.key') });
  return base64(other(response(signed, { destination: ACS, inResponseTo })));
}
