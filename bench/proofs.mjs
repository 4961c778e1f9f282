// The cost of verifying a proof, compared to the bare signature check.
import { constants, createSign, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Secret } from '@sallyport/client/internal/secret';
import { buildMetadata } from '@sallyport/sandbox/internal/saml/metadata';
import { buildResponse } from '@sallyport/sandbox/internal/saml/response';
import { generateSigningKey } from '@sallyport/sandbox/internal/saml/signing-key';
import { createOidcVerifier } from '../dist/authn/oidc/verifier.js';
import { createSamlVerifier } from '../dist/authn/saml/verifier.js';
import { startIssuer } from './issuer.mjs';
import { measure, ratio } from './measure.mjs';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const RECIPIENT = 'https://signin.aws.amazon.com/saml';
const SAML_BYTES = 8192;
/** With two signatures, close to the maximum size of a proof. */
const WORST_GROUPS = 380;

async function samlBench() {
  const now = new Date();
  const key = await generateSigningKey('bench', now);
  const entityId = 'https://idp.bench.example/metadata';
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const metadata = join(folder, 'metadata.xml');
  await writeFile(
    metadata,
    buildMetadata({ entityId, ssoUrl: 'https://idp.bench.example/sso', certificate: key.certificate }),
  );
  const created = await createSamlVerifier({
    issuers: { bench: { type: 'saml', metadata, audience: 'aws' } },
    serverUrl: 'https://sallyport.bench.example',
    log: silent,
  });
  if (!created.ok) throw new Error(JSON.stringify(created.errors));

  const after = new Date(now.getTime() + 300_000);
  const response = (groups, placement = 'assertion') =>
    buildResponse(
      {
        issuer: entityId,
        responseId: `_${randomUUID()}`,
        assertionId: `_${randomUUID()}`,
        destination: RECIPIENT,
        recipient: RECIPIENT,
        audiences: ['urn:amazon:webservices'],
        nameId: { value: 'alice', format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' },
        attributes: { groups },
        notBefore: now,
        notOnOrAfter: after,
        signature: { ...key, placement },
      },
      now,
    );
  const groups = [];
  let xml = response(groups);
  while (xml.length < SAML_BYTES) {
    groups.push(`a-group-with-a-long-name-${groups.length}`);
    xml = response(groups);
  }
  const proofOf = (text) => ({ type: 'saml', value: new Secret(Buffer.from(text).toString('base64')) });
  const proof = proofOf(xml);
  const worst = proofOf(response(Array(WORST_GROUPS).fill('group'), 'both'));
  return {
    verifyWorst: () => created.verifier.verify(worst, now),
    verify: async () => {
      const verified = await created.verifier.verify(proof, now);
      await verified.confirm();
    },
    close: async () => {
      await created.verifier.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function jwtBench() {
  const issuer = await startIssuer();
  const created = await createOidcVerifier({
    issuers: { bench: { type: 'oidc', issuer: issuer.url, audience: 'sallyport' } },
    log: silent,
  });
  if (!created.ok) throw new Error(JSON.stringify(created.errors));

  const now = new Date();
  const proof = (jti) => ({ type: 'oidc', value: new Secret(issuer.token({ jti })) });
  const fresh = Array.from({ length: 2000 }, (_, index) => proof(String(index)));
  const known = proof('known');
  await created.verifier.verify(known, now);
  let next = 0;
  return {
    verifyFresh: () => created.verifier.verify(fresh[next++], now),
    verifyKnown: () => created.verifier.verify(known, now),
    close: async () => {
      await created.verifier.close();
      await issuer.close();
    },
  };
}

/** The baseline: RSA-2048 with SHA-256, over as many bytes as the SAML response has. */
function bareVerify() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const bytes = Buffer.alloc(SAML_BYTES, 'x');
  const signature = createSign('sha256')
    .update(bytes)
    .sign({ key: privateKey, padding: constants.RSA_PKCS1_PADDING });
  return async () => {
    if (!verify('sha256', bytes, publicKey, signature)) throw new Error('the signature must be valid');
  };
}

/** The longest time that the event loop was blocked while proofs were verified one after another, milliseconds. */
async function longestBlock(run, times) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let index = 0; index < times; index++) {
    await run();
    await new Promise(setImmediate);
  }
  delay.disable();
  return Number((delay.max / 1e6).toFixed(1));
}

export async function benchProofs() {
  const saml = await samlBench();
  const jwt = await jwtBench();
  const cost = await measure({
    bare: { times: 200, run: bareVerify() },
    saml: { times: 12, run: saml.verify },
    jwt: { times: 200, run: jwt.verifyFresh },
    knownJwt: { times: 200, run: jwt.verifyKnown },
  });
  const blocked = await longestBlock(saml.verify, 100);
  const worstBlocked = await longestBlock(saml.verifyWorst, 100);
  await saml.close();
  await jwt.close();
  return [
    {
      name: 'samlVsBareVerify',
      value: ratio(cost.saml, cost.bare),
      meaning: 'an 8 kB SAML response ÷ crypto.verify',
    },
    {
      name: 'jwtVsBareVerify',
      value: ratio(cost.jwt, cost.bare),
      meaning: 'a JWT seen for the first time ÷ crypto.verify',
    },
    {
      name: 'knownJwtVsBareVerify',
      value: ratio(cost.knownJwt, cost.bare),
      meaning: 'a JWT seen before ÷ crypto.verify',
    },
    {
      name: 'samlLongestBlockMs',
      value: blocked,
      meaning: 'longest block of the event loop by a SAML response, ms',
    },
    {
      name: 'samlWorstBlockMs',
      value: worstBlocked,
      meaning: 'the same by the largest response that is accepted, signed twice, ms',
    },
  ];
}
