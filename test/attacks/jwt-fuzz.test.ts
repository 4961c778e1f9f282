// Fuzz test: random damage to genuine tokens, and random claims with a genuine signature. The verifier must return the
// genuine principal or throw a SallyportError. SALLYPORT_FUZZ_RUNS sets the runs, SALLYPORT_FUZZ_SEED repeats one.
import fc from 'fast-check';
import t from 'tap';
import { SallyportError } from '../../src/core/errors.js';
import type { ProofVerifier, VerifiedProof } from '../../src/core/ports.js';
import { base64url, goodClaims, NOW, newKey, signToken, startIssuer } from '../support/oidc-issuer.js';
import { openVerifier, verify } from '../support/oidc-verifier.js';
import { repetitions } from '../support/size.js';

const numRuns = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? repetitions(1000, 10000));
const seed = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
t.comment(`SALLYPORT_FUZZ_SEED=${seed} SALLYPORT_FUZZ_RUNS=${numRuns}`);

const rsa = newKey('rsa');
const ec = newKey('ec', 'ES256');
const stranger = newKey('rsa');
const idp = await startIssuer(t, [rsa, ec]);

/** What the verifier says; undefined for a refusal. Fails on any other error. */
async function verdict(verifier: ProofVerifier, token: string): Promise<VerifiedProof | undefined> {
  try {
    return await verify(verifier, token);
  } catch (error) {
    if (error instanceof SallyportError) return undefined;
    throw error;
  }
}

const genuine = [rsa, ec].map((key) => signToken(goodClaims(idp.url, { groups: ['staff'] }), key));
const admin = signToken(goodClaims(idp.url, { sub: 'admin', groups: ['admin'] }), stranger);
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** One way to damage a token. */
const damage = fc.oneof(
  fc
    .tuple(fc.nat(), fc.constantFrom(...BASE64URL, '.', '=', '+', ' ', '\0'))
    .map(([place, character]) => (token: string) => {
      const index = place % token.length;
      return token.slice(0, index) + character + token.slice(index + 1);
    }),
  fc.tuple(fc.nat(), fc.nat({ max: 40 })).map(([place, count]) => (token: string) => {
    const index = place % token.length;
    return token.slice(0, index) + token.slice(index + count);
  }),
  fc.tuple(fc.nat(), fc.string({ maxLength: 12 })).map(([place, text]) => (token: string) => {
    const index = place % token.length;
    return token.slice(0, index) + text + token.slice(index);
  }),
  // A part of a forged or of another genuine token in place of its own.
  fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(admin, ...genuine)).map(([part, other]) => (token: string) => {
    const parts = token.split('.');
    parts[part] = other.split('.')[part] ?? '';
    return parts.join('.');
  }),
  // A header member set to anything, over the genuine payload and signature.
  fc
    .tuple(
      fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u', 'zip', 'enc'),
      fc.oneof(fc.constantFrom('none', 'HS256', 'RS256', 'ES256', 'rsa', 'ec', false), fc.jsonValue()),
    )
    .map(([name, value]) => (token: string) => {
      const [, ...rest] = token.split('.');
      const header = base64url(JSON.stringify({ alg: 'RS256', kid: 'rsa', [name]: value }));
      return [header, ...rest].join('.');
    }),
);

t.test('a damaged JWT yields the genuine principal or a refusal', async (t) => {
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const property = fc.asyncProperty(
    fc.constantFrom(...genuine),
    fc.array(damage, { minLength: 1, maxLength: 3 }),
    async (token, damages) => {
      const damaged = damages.reduce((text, apply) => apply(text), token);
      const result = await verdict(verifier, damaged);
      if (result === undefined) return;
      t.match(result.principal, { issuer: 'corp', subject: 'alice', claims: { groups: ['staff'] } });
      t.notMatch(JSON.stringify(result), /admin/);
    },
  );
  await fc.assert(property, { numRuns, seed });
});

t.test('random text instead of a JWT is refused', async (t) => {
  const verifier = await openVerifier(t, { corp: { issuer: idp.url } });
  const part = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => base64url(JSON.stringify(value))),
    fc.uint8Array().map(base64url),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
  );
  const property = fc.asyncProperty(text, async (token) => (await verdict(verifier, token)) === undefined);
  await fc.assert(property, { numRuns, seed });
});

t.test('signed JWTs with random claims are accepted only if they meet every rule', async (t) => {
  const verifier = await openVerifier(t, { corp: { issuer: idp.url, replay: 'once' } });
  const mostly = (sane: fc.Arbitrary<unknown>) =>
    fc.oneof({ arbitrary: sane, weight: 9 }, { arbitrary: fc.jsonValue(), weight: 1 });
  const near = (from: number, to: number) => mostly(fc.integer({ min: NOW + from, max: NOW + to }));
  const name = mostly(fc.string({ minLength: 1, unit: 'grapheme' }));
  const changes = fc.record(
    {
      iat: near(-80_000, 100),
      exp: near(-100, 20_000),
      nbf: mostly(fc.double({ min: NOW - 200, max: NOW + 70, noNaN: true })),
      sub: name,
      jti: name,
      azp: mostly(fc.constantFrom('sallyport', 'grafana', undefined)),
      aud: mostly(
        fc.constantFrom(
          'sallyport',
          ['sallyport'],
          ['sallyport', 'sallyport'],
          ['grafana', 'sallyport'],
          'grafana',
        ),
      ),
      events: mostly(fc.constant({})),
    },
    { requiredKeys: [] },
  );
  let accepted = 0;
  const property = fc.asyncProperty(changes, async (claims) => {
    const result = await verdict(verifier, signToken(goodClaims(idp.url, claims), ec));
    if (result === undefined) return;
    accepted++;
    const { principal, singleUseIds } = result;
    const { sub, jti, iat, exp, aud, azp } = principal.claims;
    t.equal(principal.subject, sub);
    t.equal(typeof sub === 'string' && sub !== '' && typeof jti === 'string' && jti !== '', true);
    t.same(
      singleUseIds.map(({ id }) => id),
      [jti],
    );
    t.ok(Number(exp) > NOW - 60 && Number(iat) <= NOW + 60 && Number(exp) > Number(iat));
    t.ok(Number(exp) - Number(iat) <= 86_400);
    const audience = [aud].flat();
    t.ok(audience.includes('sallyport'));
    t.ok(
      azp === 'sallyport' || (audience.every((one) => one === 'sallyport') && [undefined, sub].includes(azp)),
    );
  });
  await fc.assert(property, { numRuns, seed });
  t.comment(`${accepted} of ${numRuns} were accepted`);
});
