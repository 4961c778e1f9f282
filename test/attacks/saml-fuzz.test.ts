// Fuzz test: random damage to a genuine document must never yield another principal or an error other than a refusal.
// SALLYPORT_FUZZ_RUNS sets how many documents are tried; SALLYPORT_FUZZ_SEED repeats a run.
import fc from 'fast-check';
import t from 'tap';
import { SallyportError } from '../../src/core/errors.js';
import { assertion, encrypt, fixture, response, sign, signedResponse } from '../support/saml-documents.js';
import { base64, verifierWith, verifyText } from '../support/saml-verifier.js';
import { repetitions } from '../support/size.js';

const numRuns = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? repetitions(1000, 10000));
const seed = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? Date.now() % 2 ** 31);

const FORGED = assertion({ id: '_forged', nameId: '<saml:NameID>admin</saml:NameID>' });
const SNIPPETS = [
  FORGED,
  '<!---->',
  '<![CDATA[]]>',
  '<?x?>',
  '<!DOCTYPE x [<!ENTITY e "admin">]>',
  '&e;',
  '&#0;',
  '<saml:NameID>admin</saml:NameID>',
  '<saml:AttributeStatement><saml:Attribute Name="NameID"><saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>',
  '<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
  ' ID="_assertion-1"',
  ' xmlns="urn:oasis:names:tc:SAML:2.0:assertion"',
  ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:protocol"',
  '</saml:Assertion>',
  '\u0000',
  '\u2028',
  '\r',
  '\ufeff',
  '\ud83d\ude00',
  '=',
  '"',
];

type Damage = (xml: string) => string;

/** A place in a text, as a fraction, so that shrinking works for any length. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const offset = (xml: string, fraction: number) => Math.floor(fraction * xml.length);

/** The spans of whole elements, found without a parser: every start tag with the end tag of its depth. */
function elements(xml: string): readonly (readonly [start: number, end: number])[] {
  const open: number[] = [];
  const found: [number, number][] = [];
  for (const match of xml.matchAll(/<(\/?)[^<>]*?(\/?)>/g)) {
    const end = match.index + match[0].length;
    if (match[2] === '/') found.push([match.index, end]);
    else if (match[1] === '') open.push(match.index);
    else found.push([open.pop() ?? 0, end]);
  }
  return found;
}

function element(xml: string, fraction: number): readonly [number, number] {
  const all = elements(xml);
  return all[Math.floor(fraction * all.length)] ?? [0, xml.length];
}

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...SNIPPETS)).map(
    ([at, snippet]): Damage =>
      (xml) => {
        const index = offset(xml, at);
        return xml.slice(0, index) + snippet + xml.slice(index);
      },
  ),
  fc.tuple(place, fc.constantFrom(...SNIPPETS)).map(
    ([at, snippet]): Damage =>
      (xml) => {
        const [start, end] = element(xml, at);
        return xml.slice(0, start) + snippet + xml.slice(end);
      },
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
    ([at, length]): Damage =>
      (xml) => {
        const index = offset(xml, at);
        return xml.slice(0, index) + xml.slice(index + length);
      },
  ),
  fc.tuple(place, fc.integer({ min: 0, max: 127 })).map(
    ([at, code]): Damage =>
      (xml) => {
        const index = offset(xml, at);
        return xml.slice(0, index) + String.fromCharCode(code) + xml.slice(index + 1);
      },
  ),
  // A whole element somewhere else, in the place of another, or twice.
  fc.tuple(place, place, fc.boolean()).map(
    ([from, to, keep]): Damage =>
      (xml) => {
        const [start, end] = element(xml, from);
        const moved = xml.slice(start, end);
        const rest = keep ? xml : xml.slice(0, start) + xml.slice(end);
        const [target] = element(rest, to);
        return rest.slice(0, target) + moved + rest.slice(target);
      },
  ),
  fc.tuple(place, place).map(
    ([from, to]): Damage =>
      (xml) => {
        const [start, end] = element(xml, from);
        const [a, b] = element(xml, to);
        return xml.slice(0, a) + xml.slice(start, end) + xml.slice(b);
      },
  ),
  fc.constantFrom<Damage>(
    (xml) => xml.replaceAll('alice', 'admin'),
    (xml) => xml.replace('>alice<', '>admin<'),
    (xml) => xml.replaceAll('_assertion-1', '_response-1'),
    (xml) => xml.replaceAll('analysts', 'admins'),
    (xml) => xml.replaceAll('saml:', 's:'),
    (xml) => xml.replaceAll('sha256', 'sha1'),
  ),
);

const documents = [
  signedResponse(),
  sign(response(assertion()), '_response-1'),
  sign(signedResponse(), '_response-1'),
  response(encrypt(sign(assertion(), '_assertion-1'))),
];

t.test('a damaged SAML document yields the genuine principal or a refusal', async (t) => {
  t.comment(`seed ${seed}, runs ${numRuns}`);
  const verifier = await verifierWith(t, { decryptionKeys: [fixture('broker.key')] });
  const genuine = await verifyText(verifier, base64(signedResponse()));
  let accepted = 0;
  const property = fc.asyncProperty(
    fc.constantFrom(...documents),
    fc.array(damage, { minLength: 1, maxLength: 4 }),
    async (document, damages) => {
      const xml = damages.reduce((text, apply) => apply(text), document);
      try {
        const verified = await verifyText(verifier, base64(xml));
        accepted += 1;
        return isSame(verified, genuine);
      } catch (error) {
        return error instanceof SallyportError && error.code !== 'internal';
      }
    },
  );
  await fc.assert(property, { numRuns, seed });
  t.comment(`${accepted} were still genuine`);
  t.pass('no other principal was accepted');
});

t.test('damaged base64 of a SAML document yields the genuine principal or a refusal', async (t) => {
  t.comment(`seed ${seed}, runs ${numRuns}`);
  const verifier = await verifierWith(t);
  const proof = base64(signedResponse());
  const genuine = await verifyText(verifier, proof);
  const property = fc.asyncProperty(place, fc.string({ maxLength: 8, unit: 'binary' }), async (at, text) => {
    const index = offset(proof, at);
    try {
      return isSame(
        await verifyText(verifier, proof.slice(0, index) + text + proof.slice(index + text.length)),
        genuine,
      );
    } catch (error) {
      return error instanceof SallyportError && error.code !== 'internal';
    }
  });
  await fc.assert(property, { numRuns, seed });
  t.pass('no other principal was accepted');
});

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
