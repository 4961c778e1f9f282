// IdP metadata: config errors at load, warnings about expiry, and key rotation without a restart.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { IdpRegistry } from '../../../src/authn/saml/metadata/idp-registry.js';
import { createSamlVerifier } from '../../../src/authn/saml/verifier.js';
import type { SamlIssuer } from '../../../src/config/schema/saml-issuer.js';
import type { Log, ProofVerifier } from '../../../src/core/ports.js';
import {
  assertion,
  ENTITY_ID,
  fixture,
  metadata,
  response,
  sign,
  signedResponse,
} from '../../support/saml-documents.js';
import {
  base64,
  folderWith,
  outcome,
  SERVER_URL,
  sharedCrossCheck,
  silent,
  verifierWith,
} from '../../support/saml-verifier.js';

/** A verifier for these issuers, closed at the end of the test. */
async function verifierFor(
  t: Test,
  issuers: Record<string, SamlIssuer>,
  log: Log = silent,
): Promise<ProofVerifier> {
  const result = await created(issuers, log);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  t.teardown(() => result.verifier.close());
  return result.verifier;
}

const created = (issuers: Record<string, SamlIssuer>, log: Log = silent) =>
  createSamlVerifier({ issuers, serverUrl: SERVER_URL, log, crossCheck: sharedCrossCheck });

/** The config errors of one issuer `corp` with this metadata. */
async function errorsOf(t: Test, xml: string, config: Partial<SamlIssuer> = {}): Promise<string[]> {
  const path = join(folderWith(t, { 'idp.xml': xml }), 'idp.xml');
  const result = await created({ corp: { type: 'saml', metadata: path, ...config } });
  if (!result.ok) return result.errors.map((fault) => `${fault.path.join('.')}: ${fault.message}`);
  await result.verifier.close();
  return [];
}

/** Serves the responses of `answer`. Returns the URL. */
async function serve(t: Test, answer: () => { status: number; body: string }): Promise<string> {
  const server = createServer((_, reply) => {
    const { status, body } = answer();
    reply.writeHead(status, { Location: 'http://127.0.0.1:1/' }).end(body);
  });
  return `http://127.0.0.1:${await listen(t, server)}/metadata`;
}

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => new Promise((done) => server.close(done)));
  return (server.address() as AddressInfo).port;
}

/** A log that resolves `seen(text)` when a message with that text comes. */
function listening(): Log & { seen(text: string): Promise<void> } {
  const lines: string[] = [];
  const waiting: { text: string; done: () => void }[] = [];
  const note = (fields: object, message: string) => {
    const line = `${message} ${JSON.stringify(fields)}`;
    lines.push(line);
    for (const { text, done } of waiting) if (line.includes(text)) done();
  };
  return {
    debug: note,
    info: note,
    warn: note,
    error: note,
    seen: (text) =>
      lines.some((line) => line.includes(text))
        ? Promise.resolve()
        : new Promise((done) => {
            const alive = setInterval(() => {}, 60_000);
            waiting.push({
              text,
              done: () => {
                clearInterval(alive);
                done();
              },
            });
          }),
  };
}

t.test('metadata that cannot be used is a config error at the metadata key', async (t) => {
  const role = /<md:IDPSSODescriptor.*<\/md:IDPSSODescriptor>/;
  const table: [string, string, RegExp][] = [
    ['not XML', 'hello', /not XML/],
    ['a DOCTYPE', `<!DOCTYPE x>${metadata()}`, /DOCTYPE/],
    [
      'a service provider',
      metadata().replaceAll('IDPSSODescriptor', 'SPSSODescriptor'),
      /no SAML 2.0 identity provider/,
    ],
    [
      'SAML 1.1 only',
      metadata().replace('SAML:2.0:protocol', 'SAML:1.1:protocol'),
      /no SAML 2.0 identity provider/,
    ],
    ['no signing certificate', metadata([]), /no signing certificate/],
    [
      'only an encryption certificate',
      metadata().replace('use="signing"', 'use="encryption"'),
      /no signing certificate/,
    ],
    [
      'a certificate that is none',
      metadata().replace(/(<ds:X509Certificate>)[^<]*/, '$1AAAA'),
      /cannot be read/,
    ],
    ['RSA-1024', metadata(['weak']), /RSA key of 1024 bits/],
    ['a valid key next to RSA-1024', metadata(['idp', 'weak']), /RSA key of 1024 bits/],
    ['an odd curve', metadata(['odd-curve']), /neither RSA nor ECDSA/],
    ['expired', metadata(['idp'], { validUntil: '2020-01-01T00:00:00Z' }), /validUntil has passed/],
    ['validUntil in words', metadata(['idp'], { validUntil: 'soon' }), /validUntil is not a time/],
    ['no entityID', metadata().replace(/ entityID="[^"]*"/, ''), /no entityID/],
    [
      'two IdPs',
      `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${metadata()}${metadata()}</md:EntitiesDescriptor>`,
      /several identity providers/,
    ],
  ];
  for (const [name, xml, message] of table) {
    const errors = await errorsOf(t, xml);
    t.equal(errors.length, 1, name);
    t.match(errors[0], message, name);
    t.match(errors[0], /^issuers\.corp\.metadata: /, name);
  }
  t.same(await errorsOf(t, metadata()), []);
  const federation = `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"><!-- ours -->${metadata()}${metadata().replace(role, '')}</md:EntitiesDescriptor>`;
  t.same(await errorsOf(t, federation), [], 'one IdP among other entities, and a comment');
});

t.test('invalid issuer settings are reported together', async (t) => {
  const errors = await errorsOf(t, metadata(), {
    audience: 'sallyport',
    unsolicited: 'accept-foreign',
    decryptionKeys: [fixture('broker.key'), fixture('weak.key'), fixture('ec.key'), 'hello'],
  });
  t.match(errors.sort(), [
    /^issuers\.corp\.decryptionKeys\.1: .*2048/,
    /^issuers\.corp\.decryptionKeys\.2: .*RSA/,
    /^issuers\.corp\.decryptionKeys\.3: .*PEM/,
    /^issuers\.corp\.unsolicited: /,
  ]);
});

t.test(
  'two issuers with the same entityID are a config error; otherwise each has its own keys',
  async (t) => {
    const folder = folderWith(t, {
      'a.xml': metadata(['idp']),
      'b.xml': metadata(['idp-next'], { entityId: 'https://other.example' }),
    });
    const a: SamlIssuer = { type: 'saml', metadata: join(folder, 'a.xml') };
    const b: SamlIssuer = { type: 'saml', metadata: join(folder, 'b.xml') };
    const twins = await created({ a, copy: a });
    t.match(twins, { ok: false, errors: [{ message: /same entityID/ }] });
    const verifier = await verifierFor(t, { a, b });
    t.equal(await outcome(verifier, base64(signedResponse())), 'accepted alice');
    const wrongKey = signedResponse({}, {}, { key: fixture('idp-next.key') });
    t.equal(await outcome(verifier, base64(wrongKey)), 'proof_invalid saml.signature.value');
    const other = (xml: string) => xml.replaceAll(ENTITY_ID, 'https://other.example');
    const document = response(sign(other(assertion()), '_assertion-1', { key: fixture('idp-next.key') }));
    t.equal(await outcome(verifier, base64(other(document))), 'accepted alice');
  },
);

t.test('all signing keys in the metadata are accepted', async (t) => {
  const verifier = await verifierWith(t, {}, { metadataXml: metadata(['idp', 'idp-next']) });
  for (const key of ['idp.key', 'idp-next.key']) {
    t.equal(
      await outcome(verifier, base64(signedResponse({}, {}, { key: fixture(key) }))),
      'accepted alice',
      key,
    );
  }
});

t.test('a changed metadata file rotates keys; an invalid one does not', async (t) => {
  const folder = folderWith(t, { 'idp.xml': metadata() });
  const file = join(folder, 'idp.xml');
  const log = listening();
  const verifier = await verifierFor(t, { corp: { type: 'saml', metadata: file, refresh: '1s' } }, log);
  const next = base64(signedResponse({}, {}, { key: fixture('idp-next.key') }));
  t.equal(await outcome(verifier, next), 'proof_invalid saml.signature.value');
  writeFileSync(file, metadata(['idp', 'idp-next']));
  await log.seen('SAML signing keys changed');
  t.equal(await outcome(verifier, next), 'accepted alice');
  writeFileSync(file, metadata(['idp-next'], { entityId: 'https://other.example' }));
  await log.seen('entityID has changed');
  t.equal(await outcome(verifier, next), 'accepted alice', 'the last valid metadata stays in use');
  writeFileSync(file, metadata(['weak']));
  await log.seen('1024 bits');
  t.equal(await outcome(verifier, next), 'accepted alice');
});

t.test('metadata is fetched from a URL, with limits, and refreshed', async (t) => {
  let answer = { status: 200, body: metadata() };
  const url = await serve(t, () => answer);
  const log = listening();
  const verifier = await verifierFor(t, { corp: { type: 'saml', metadata: url, refresh: '1s' } }, log);
  t.equal(await outcome(verifier, base64(signedResponse())), 'accepted alice');
  answer = { status: 503, body: '' };
  await log.seen('the last valid metadata stays in use');
  t.equal(await outcome(verifier, base64(signedResponse())), 'accepted alice');

  answer = { status: 302, body: '' };
  t.match(await created({ corp: { type: 'saml', metadata: url } }), {
    ok: false,
    errors: [{ message: /answered 302/ }],
  });
  answer = { status: 403, body: '' };
  t.match(await created({ corp: { type: 'saml', metadata: url } }), {
    ok: false,
    errors: [{ message: /answered 403/ }],
  });
  for (const status of [404, 408, 425, 429]) {
    answer = { status, body: '' };
    const waiting = await verifierFor(t, { corp: { type: 'saml', metadata: url } });
    t.match(await outcome(waiting, base64(signedResponse())), /^issuer_unavailable/, `${status} may pass`);
  }
  answer = { status: 200, body: `${metadata()}${' '.repeat(1024 * 1024)}` };
  t.match(await created({ corp: { type: 'saml', metadata: url } }), {
    ok: false,
    errors: [{ message: /1 MiB/ }],
  });
  t.match(await created({ corp: { type: 'saml', metadata: 'http://idp.corp.example/metadata' } }), {
    ok: false,
    errors: [{ message: /https/ }],
  });
});

t.test('a metadata URL that is down makes only its issuer unavailable, until it responds', async (t) => {
  let answer = { status: 503, body: '' };
  const url = await serve(t, () => answer);
  const other = 'https://other.example';
  const file = join(folderWith(t, { 'b.xml': metadata(['idp-next'], { entityId: other }) }), 'b.xml');
  const log = listening();
  const issuers: Record<string, SamlIssuer> = {
    corp: { type: 'saml', metadata: url, refresh: '1s' },
    other: { type: 'saml', metadata: file },
  };
  const verifier = await verifierFor(t, issuers, log);
  const proof = base64(signedResponse());
  t.equal(await outcome(verifier, proof), 'issuer_unavailable saml.metadata.missing');
  const foreign = assertion({ issuer: `<saml:Issuer>${other}</saml:Issuer>` });
  const issuer = `<saml:Issuer>${other}</saml:Issuer>`;
  const fromOther = response(sign(foreign, '_assertion-1', { key: fixture('idp-next.key') }), { issuer });
  t.equal(await outcome(verifier, base64(fromOther)), 'accepted alice');
  answer = { status: 200, body: metadata(['idp', 'ending']) };
  await log.seen('SAML signing certificate');
  t.equal(await outcome(verifier, proof), 'accepted alice');
});

t.test('a new verifier copies metadata from a URL from the previous one and reads files again', async (t) => {
  const responses = { status: 200, body: metadata() };
  const url = await serve(t, () => responses);
  const folder = folderWith(t, { 'idp.xml': metadata() });
  const options = (corp: Partial<SamlIssuer>) => ({
    issuers: { corp: { type: 'saml' as const, metadata: url, ...corp } },
    serverUrl: SERVER_URL,
    log: silent,
    crossCheck: sharedCrossCheck,
  });
  const open = async (corp: Partial<SamlIssuer>, previous?: IdpRegistry) => {
    const result = await createSamlVerifier({
      ...options(corp),
      ...(previous && { previousRegistry: previous }),
    });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    t.teardown(() => result.verifier.close());
    return result;
  };
  const accepted = async ({ verifier }: { verifier: ProofVerifier }) =>
    /^accepted/.test(await outcome(verifier, base64(signedResponse())));
  const first = await open({});
  responses.status = 503;
  t.ok(await accepted(await open({}, first.idpRegistry)), 'the URL is down now');
  t.notOk(await accepted(await open({})), 'without the last one nothing is known');
  t.notOk(
    await accepted(await open({ maxLifetime: '2h' }, first.idpRegistry)),
    'nor of an issuer that has changed',
  );

  const path = join(folder, 'idp.xml');
  const file = await open({ metadata: path });
  t.ok(await accepted(file));
  writeFileSync(path, 'no metadata');
  const broken = await createSamlVerifier({
    ...options({ metadata: path }),
    previousRegistry: file.idpRegistry,
  });
  t.notOk(broken.ok, 'a file is read each time');
});

t.test('metadataCertificate requires signed metadata', async (t) => {
  const metadataCertificate = fixture('metadata-signer.crt');
  const unsigned = metadata(['idp'], { id: '_metadata' });
  const signed = (key: string) => sign(unsigned, '_metadata', { key: fixture(key) });
  t.same(await errorsOf(t, signed('metadata-signer.key'), { metadataCertificate }), []);
  const [missing] = await errorsOf(t, unsigned, { metadataCertificate });
  t.match(missing, /not signed with the key/);
  const [other] = await errorsOf(t, signed('stranger.key'), { metadataCertificate });
  t.match(other, /not signed with the key/);
  const altered = signed('metadata-signer.key').replace('use="signing"', '');
  t.match(await errorsOf(t, altered, { metadataCertificate }), [/not signed with the key/]);
  t.match(await errorsOf(t, signed('metadata-signer.key'), { metadataCertificate: 'hello' }), [
    /^issuers\.corp\.metadataCertificate: /,
  ]);
});

t.test('expiring certificates and metadata are logged, and expired metadata is refused', async (t) => {
  const day = 86_400_000;
  const validUntil = new Date(Date.now() + day).toISOString();
  const file = join(folderWith(t, { 'idp.xml': metadata(['idp', 'ending'], { validUntil }) }), 'idp.xml');
  const log = listening();
  const verifier = await verifierFor(t, { corp: { type: 'saml', metadata: file } }, log);
  await log.seen('SAML signing certificate has expired or expires soon');
  await log.seen('SAML metadata expires soon');
  const later = new Date(Date.now() + 2 * day);
  t.equal(
    await outcome(verifier, base64(signedResponse()), later),
    'issuer_unavailable saml.metadata.expired',
  );
  const byEnding = signedResponse({}, {}, { key: fixture('ending.key') });
  t.equal(await outcome(verifier, base64(byEnding)), 'accepted alice', 'a certificate only carries its key');
});

t.test('an untrusted TLS certificate is refused even with NODE_TLS_REJECT_UNAUTHORIZED=0', async (t) => {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  const identity = { key: fixture('idp.key'), cert: fixture('idp.crt') };
  const port = await listen(
    t,
    createTlsServer(identity, (_, reply) => reply.end(metadata())),
  );
  const url = `https://127.0.0.1:${port}/metadata`;
  const verifier = await verifierFor(t, { corp: { type: 'saml', metadata: url } });
  t.match(await outcome(verifier, base64(signedResponse())), /^issuer_unavailable/);
});

t.test('validUntil of an enclosing element applies, and only signing keys verify', async (t) => {
  const around = (inner: string, validUntil = '2999-01-01T00:00:00Z') =>
    `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="${validUntil}">${inner}</md:EntitiesDescriptor>`;
  const past = '2020-01-01T00:00:00Z';
  t.same(await errorsOf(t, around(around(metadata()))), []);
  t.match(await errorsOf(t, around(around(metadata(), past))), [/validUntil has passed/], 'the inner group');
  t.match(await errorsOf(t, around(around(metadata()), past)), [/validUntil has passed/], 'the outer group');
  const beside = around(around('', past) + around(metadata()));
  t.same(await errorsOf(t, beside), [], 'a group next to it');
  t.same(await errorsOf(t, metadata().replace(' use="signing"', '')), [], 'without use');
  for (const use of ['', 'Signing', 'signing encryption', 'other']) {
    const xml = metadata().replace('use="signing"', `use="${use}"`);
    t.match(await errorsOf(t, xml), [/no signing certificate/], `use="${use}"`);
  }
});
