// Attacks with the form of a SAML document: bytes, markup, encryption, and sizes that would keep a server busy.
import { generateKeyPairSync, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import { attacksOn, GENUINE } from '../support/saml-attacks.js';
import {
  assertion,
  encrypt,
  fixture,
  NOW,
  response,
  sign,
  signature,
  signedResponse,
} from '../support/saml-documents.js';
import { base64, outcome, verifierWith } from '../support/saml-verifier.js';

const SIGNED_ASSERTION = sign(assertion(), '_assertion-1');
const SIGNATURE = signature(assertion(), '_assertion-1');
const FORGED = assertion({ id: '_forged', nameId: '<saml:NameID>admin</saml:NameID>' });
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';

const verifier = await verifierWith(t, { decryptionKeys: [fixture('broker.key')] });
const check = attacksOn(verifier);

t.test('malformed encoding and XML markup (DTD, comments, CDATA, entities) are refused', async (t) => {
  const insideNameId = (markup: string) => GENUINE.replace('>alice<', `>al${markup}ice<`);
  const before = (text: string) => text + GENUINE;
  const after = (text: string) => GENUINE + text;
  await check(t, [
    ['a comment in the NameID', insideNameId('<!---->'), 'proof_malformed saml.xml.comment'],
    ['a CDATA section in the NameID', insideNameId('<![CDATA[]]>'), 'proof_malformed saml.xml.cdata'],
    [
      'a processing instruction in the NameID',
      insideNameId('<?x?>'),
      'proof_malformed saml.xml.processing_instruction',
    ],
    [
      'a comment in DigestValue',
      GENUINE.replace('<ds:DigestValue>', '<ds:DigestValue><!--x-->'),
      'proof_malformed saml.xml.comment',
    ],
    ['a comment before the root', before('<!--x-->'), 'proof_malformed saml.xml.comment'],
    [
      'a processing instruction after the root',
      after('<?x?>'),
      'proof_malformed saml.xml.processing_instruction',
    ],
    ['text before the root', before('x'), 'proof_malformed saml.xml.malformed'],
    ['text after the root', after('x'), 'proof_malformed saml.xml.malformed'],
    [
      'a second root',
      after('<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>'),
      'proof_malformed saml.xml.malformed',
    ],
    ['a DOCTYPE', before('<!DOCTYPE r>'), 'proof_malformed saml.xml.doctype'],
    [
      'an entity bomb',
      before(
        `<!DOCTYPE r [<!ENTITY a "ha">${[...'bcdefgh'].map((n, i) => `<!ENTITY ${n} "${`&${'abcdefgh'[i]};`.repeat(10)}">`).join('')}]>`,
      ).replace('>alice<', '>&h;<'),
      'proof_malformed saml.xml.doctype',
    ],
    [
      'an external entity',
      before('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>').replace('>alice<', '>&x;<'),
      'proof_malformed saml.xml.doctype',
    ],
    ['an entity without a declaration', insideNameId('&nbsp;'), 'proof_malformed saml.xml.malformed'],
    [
      'an entity named like an inherited property',
      insideNameId('&constructor;'),
      'proof_malformed saml.xml.malformed',
    ],
    ['a reference to the character 0', insideNameId('&#0;'), 'proof_malformed saml.xml.malformed'],
    [
      'XML 1.1',
      before('<?xml version="1.1"?>'),
      'proof_malformed saml.xml.declaration',
      before('<?xml version="1.0" encoding="utf-8"?>'),
    ],
    [
      'another encoding in the declaration',
      before('<?xml version="1.0" encoding="ISO-8859-1"?>'),
      'proof_malformed saml.xml.declaration',
    ],
    ['a line end of XML 1.1', insideNameId('\u0085'), 'proof_malformed saml.xml.character'],
    ['a line separator', insideNameId('\u2028'), 'proof_malformed saml.xml.character'],
    [
      'XHTML',
      GENUINE.replace('ID="_response-1"', 'xmlns:h="http://www.w3.org/1999/xhtml" ID="_response-1"'),
      'proof_malformed saml.xml.namespace',
    ],
    [
      'a namespace that is not listed',
      GENUINE.replace('ID="_response-1"', 'xmlns:h="urn:evil" ID="_response-1"'),
      'proof_malformed saml.xml.namespace',
    ],
    [
      'markup in a namespace name, which canonical form would not escape',
      GENUINE.replace('ID="_response-1"', 'xmlns:h="urn:x&quot; a=&quot;" ID="_response-1"'),
      'proof_malformed saml.xml.namespace',
    ],
    ['no namespace', '<Response/>', 'proof_malformed saml.xml.namespace'],
    [
      'an attribute that canonical form leaves out',
      GENUINE.replace('ID="_assertion-1"', 'ID="_assertion-1" xmlnsx="y"'),
      'proof_malformed saml.xml.name',
    ],
    [
      'an xml:id',
      GENUINE.replace('<saml:Subject>', '<saml:Subject xml:id="_x">'),
      'proof_malformed saml.xml.namespace',
    ],
    [
      'letters that look like others in a name',
      GENUINE.replaceAll('saml:Subject>', 'saml:Ѕubject>'),
      'proof_malformed saml.xml.name',
    ],
    [
      'an unbound prefix',
      GENUINE.replace('<saml:Subject>', '<x:Subject>').replace('</saml:Subject>', '</x:Subject>'),
      'proof_malformed saml.xml.malformed',
    ],
    [
      'an attribute twice',
      GENUINE.replace('ID="_assertion-1"', 'ID="_assertion-1" ID="_assertion-1"'),
      'proof_malformed saml.xml.malformed',
    ],
    [
      'tags that do not nest',
      GENUINE.replace('</saml:Subject>', '</saml:Conditions>'),
      'proof_malformed saml.xml.malformed',
    ],
    ['a document cut short', GENUINE.slice(0, -20), 'proof_malformed saml.xml.malformed'],
    [
      'text between elements',
      GENUINE.replace('<saml:Subject>', 'x<saml:Subject>'),
      'proof_malformed saml.xml.mixed_content',
    ],
    ['an ID twice', GENUINE.replace('ID="_response-1"', 'ID="_assertion-1"'), 'proof_malformed saml.xml.id'],
    [
      'an ID again under another name',
      GENUINE.replace('<saml:Subject>', '<saml:Subject Id="_assertion-1">'),
      'proof_malformed saml.xml.id',
    ],
    [
      'an ID that is no name',
      GENUINE.replace('ID="_response-1"', 'ID="1 or 1=1"'),
      'proof_malformed saml.xml.id',
    ],
    [
      'two IDs in one element',
      GENUINE.replace('ID="_assertion-1"', 'ID="_assertion-1" Id="_forged"'),
      'proof_malformed saml.xml.id',
    ],
    [
      'a LogoutResponse',
      GENUINE.replaceAll('samlp:Response', 'samlp:LogoutResponse'),
      'proof_malformed saml.root',
    ],
    [
      'a LogoutRequest',
      GENUINE.replaceAll('samlp:Response', 'samlp:LogoutRequest'),
      'proof_malformed saml.root',
    ],
    ['an assertion without a Response', SIGNED_ASSERTION, 'proof_malformed saml.root'],
    [
      'a SAML 1.1 Response',
      GENUINE.replace('SAML:2.0:protocol', 'SAML:1.0:protocol'),
      'proof_malformed saml.xml.namespace',
    ],
    [
      'a tree of depth 17',
      response(`${'<saml:Advice>'.repeat(16)}${'</saml:Advice>'.repeat(16)}`),
      'proof_malformed saml.xml.depth',
    ],
    ['1000 elements', response('<saml:Advice/>'.repeat(1_000)), 'proof_malformed saml.xml.elements'],
    [
      '25 attributes in one element',
      response(`<saml:Advice ${Array.from({ length: 25 }, (_, i) => `a${i}=""`).join(' ')}/>`),
      'proof_malformed saml.xml.attributes',
    ],
    ['no assertion', response(''), 'proof_malformed saml.assertion.count'],
  ]);
  const raw = async (proof: string) => outcome(verifier, proof);
  const genuine = base64(GENUINE);
  t.equal(await raw(''), 'proof_malformed saml.base64', 'nothing');
  t.equal(await raw(`${genuine}!`), 'proof_malformed saml.base64', 'a character outside the alphabet');
  t.equal(
    await raw(genuine.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')),
    'proof_malformed saml.base64',
    'base64url',
  );
  t.equal(await raw(genuine.slice(0, -1)), 'proof_malformed saml.base64', 'padding cut off');
  t.equal(await raw(`${genuine}=`), 'proof_malformed saml.base64', 'padding too many');
  t.equal(await raw('YQ=='.replace('Q', 'R')), 'proof_malformed saml.base64', 'bits after the end');
  t.equal(await raw(genuine.replaceAll(/.{76}/g, '$&\r\n')), 'accepted alice', 'lines of 76 characters');
  t.equal(await raw(`${genuine} `), 'proof_malformed saml.base64', 'a blank');
  t.equal(
    await raw(Buffer.concat([Buffer.from(GENUINE), Buffer.from([0xff])]).toString('base64')),
    'proof_malformed saml.utf8',
    'a byte that is not UTF-8',
  );
  t.equal(
    await raw(Buffer.from(GENUINE, 'utf16le').toString('base64')),
    'proof_malformed saml.xml.malformed',
    'UTF-16',
  );
  t.equal(await raw(gzipSync(GENUINE).toString('base64')), 'proof_malformed saml.utf8', 'gzip');
  t.equal(await raw('A'.repeat(100_004)), 'proof_malformed saml.size', 'too long for STS');
});

t.test(
  'encrypted assertions with weak algorithms, altered ciphertext or misplaced keys are refused (saml.decryption)',
  async (t) => {
    const inner = sign(assertion(), '_assertion-1');
    const gcm = response(encrypt(inner));
    const signedAround = (xml: string) => sign(response(xml), '_response-1');
    const cbc = `${XENC}aes256-cbc`;
    const flip = (bytes: Buffer) => {
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      return bytes;
    };
    /** Encrypted without the declaration of its prefix, which is `s`. */
    const borrowing = encrypt(
      sign(
        assertion()
          .replace('xmlns:saml=', 'xmlns:s=')
          .replaceAll(/(<\/?)saml:/g, '$1s:'),
        '_assertion-1',
      ).replace(/ xmlns:s="[^"]*"/, ''),
    );
    await check(t, [
      [
        'an encrypted assertion without a signature',
        response(encrypt(assertion())),
        'proof_invalid saml.signature.missing',
        gcm,
      ],
      [
        'CBC outside of a signed Response',
        response(encrypt(inner, { algorithm: cbc })),
        'proof_invalid saml.decryption',
        signedAround(encrypt(inner, { algorithm: cbc })),
      ],
      [
        'CBC in a Response with a broken signature',
        signedAround(encrypt(inner, { algorithm: cbc })).replace(
          'Version="2.0"',
          'Version="2.0" Consent="x"',
        ),
        'proof_invalid saml.signature.digest',
        signedAround(encrypt(assertion(), { algorithm: cbc })),
      ],
      [
        'CBC with broken padding',
        signedAround(encrypt(inner, { algorithm: cbc, corrupt: (bytes) => bytes.subarray(0, -16) })),
        'proof_invalid saml.decryption',
      ],
      [
        '3DES',
        signedAround(encrypt(inner, { algorithm: cbc }).replace('#aes256-cbc', '#tripledes-cbc')),
        'proof_invalid saml.decryption',
        signedAround(encrypt(inner)),
      ],
      [
        'GCM with a flipped bit',
        response(encrypt(inner, { corrupt: flip })),
        'proof_invalid saml.decryption',
        response(encrypt(inner, { algorithm: 'http://www.w3.org/2009/xmlenc11#aes128-gcm' })),
      ],
      [
        'GCM with a tag cut to four bytes',
        response(encrypt(inner, { corrupt: (bytes) => bytes.subarray(0, 28) })),
        'proof_invalid saml.decryption',
      ],
      [
        'RSA PKCS#1 v1.5 key transport',
        signedAround(encrypt(inner, { keyTransport: `${XENC}rsa-1_5` })),
        'proof_invalid saml.decryption',
      ],
      [
        'a key that the broker does not have',
        response(encrypt(inner, { certificate: fixture('stranger.crt') })),
        'proof_invalid saml.decryption',
      ],
      [
        'a prefix of the encrypted assertion bound to another namespace around it',
        response(borrowing).replace(' xmlns:samlp', ` xmlns:s="${DSIG}" xmlns:samlp`),
        'proof_invalid saml.decryption',
        response(borrowing).replace(
          ' xmlns:samlp',
          ' xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp',
        ),
      ],
      [
        'a prefix of the encrypted assertion bound nowhere',
        response(borrowing),
        'proof_invalid saml.decryption',
      ],
      ['encrypted plain text', response(encrypt('admin')), 'proof_invalid saml.decryption'],
      ['an encrypted Response', response(encrypt(GENUINE)), 'proof_invalid saml.decryption'],
      ['an encrypted DOCTYPE', response(encrypt(`<!DOCTYPE x>${inner}`)), 'proof_invalid saml.decryption'],
      [
        'an encrypted comment',
        response(encrypt(inner.replace('>alice<', '>al<!---->ice<'))),
        'proof_invalid saml.decryption',
      ],
      [
        'an encrypted forgery around the genuine assertion',
        response(encrypt(FORGED.replace('</saml:Assertion>', `${inner}</saml:Assertion>`))),
        'proof_malformed saml.assertion.count',
      ],
      [
        'an encrypted assertion with a stray Signature',
        response(encrypt(FORGED.replace('<saml:Subject>', `<saml:Subject>${SIGNATURE}`))),
        'proof_malformed saml.signature.place',
      ],
      [
        'signed by somebody else, then encrypted',
        response(encrypt(sign(assertion(), '_assertion-1', { key: fixture('stranger.key') }))),
        'proof_invalid saml.signature.value',
      ],
      [
        'two EncryptedKeys',
        gcm.replace(/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/, '$&$&'),
        'proof_invalid saml.decryption',
      ],
      [
        'markup in an Algorithm',
        gcm.replace('xmlenc#rsa-oaep-mgf1p"', 'xmlenc#rsa-oaep-mgf1p&quot;/>"'),
        'proof_invalid saml.decryption',
      ],
      [
        'an encrypted assertion in a Response without Issuer',
        response(encrypt(inner), { issuer: '' }),
        'proof_invalid saml.issuer.missing',
      ],
    ]);
    const keyless = await verifierWith(t);
    t.equal(await outcome(keyless, base64(gcm)), 'proof_invalid saml.decryption', 'no decryption key');
  },
);

t.test(
  'denial of service: oversized and deeply nested documents are refused within 100 ms of CPU time',
  async (t) => {
    const SIZE = 74_000;
    const fill = (unit: string) => unit.repeat(Math.floor(SIZE / unit.length));
    const value = (content: string) => `<saml:Attribute Name="g">${content}</saml:Attribute>`;
    const worst: Record<string, string> = {
      'unclosed tags': fill('<a>'),
      'unclosed SAML tags': GENUINE.replace(
        '</samlp:Response>',
        fill('<saml:Advice>').slice(0, SIZE - GENUINE.length),
      ),
      'opening brackets': fill('<'),
      'empty elements': response(fill('<saml:Advice/>')),
      attributes: response(`<saml:Advice ${Array.from({ length: 8_000 }, (_, i) => `a${i}=""`).join(' ')}/>`),
      'one long name': response(`<saml:${fill('a')}/>`),
      'one long attribute': response(`<saml:Advice a="${fill('a')}"/>`),
      'one long entity': response(`&${fill('a')};`),
      'character references': response(fill('&#x41;')),
      declarations: response(
        `<saml:Advice ${Array.from({ length: 3_000 }, (_, i) => `xmlns:a${i}="${DSIG}"`).join(' ')}/>`,
      ),
      'a DOCTYPE': `<!DOCTYPE r [${fill('<!ENTITY a "b">')}]><r/>`,
      'a comment': `<!--${fill('- ')}-->`,
      'a CDATA section': response(`<![CDATA[${fill(']')}]]>`),
      'a processing instruction': `<?x ${fill('? ')}?>`,
      'line ends': response(fill('\r\n')),
      'as many elements as may be, wrongly signed': signedResponse({
        attributes: value('<saml:AttributeValue>value</saml:AttributeValue>'.repeat(960)),
      }).replace('>alice<', '>admin<'),
      'as many attributes as may be, wrongly signed': signedResponse({
        attributes: value(
          '<saml:AttributeValue a="" b="" c="" d="" e="" f="" g="" h="" i="" j=""/>'.repeat(115),
        ),
      }).replace('>alice<', '>admin<'),
    };
    for (const [name, xml] of Object.entries(worst)) {
      const proof = base64(xml);
      await outcome(verifier, proof);
      const before = process.cpuUsage();
      t.match(await outcome(verifier, proof), /^proof_/, name);
      const { user, system } = process.cpuUsage(before);
      t.ok(user + system < 100_000, `${name}: ${Math.round((user + system) / 1000)} ms`);
    }
  },
);

t.test(
  'denial of service: no SAML proof blocks the event loop for longer than 1000 bare verifications',
  async (t) => {
    const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
    const typed = `<saml:AttributeValue xmlns:xsi="${XSI}" xmlns:xs="http://www.w3.org/2001/XMLSchema" xsi:type="xs:string">a-group</saml:AttributeValue>`;
    const group = (values: string) => `<saml:Attribute Name="groups">${values}</saml:Attribute>`;
    const twice = (attributes: string) => sign(signedResponse({ attributes }), '_response-1');
    const declarations = (level: number) =>
      Array.from({ length: 23 }, (_, i) => ` xmlns:p${level}x${i}="${DSIG}"`).join('');
    /** Leaves below many declarations, each leaf with its own prefix. */
    const deep = (levels: number, leaves: number): string =>
      Array.from({ length: levels }, (_, level) => level).reduce(
        (inner, level) => `<p${level}x0:A${declarations(level)}>${inner}</p${level}x0:A>`,
        Array.from({ length: leaves }, (_, i) => `<p0x${i % 23}:L/>`).join(''),
      );
    const stuffed = (content: string) => GENUINE.replace('</ds:SignedInfo>', `${content}</ds:SignedInfo>`);
    const worst: Record<string, [string, string]> = {
      'a few hundred values, signed twice': [twice(group(typed.repeat(390))), 'verified'],
      'as many elements as may be, signed twice': [
        twice(group('<saml:AttributeValue>value</saml:AttributeValue>'.repeat(950))),
        'verified',
      ],
      'deep declarations and leaves, signed': [
        signedResponse({ extra: deep(10, 900) }),
        'saml.assertion.content',
      ],
      'a stuffed SignedInfo': [stuffed('<ds:Object/>'.repeat(900)), 'saml.signature.size'],
      'a deep SignedInfo': [stuffed(deep(8, 1)), 'saml.signature.size'],
      'a SignedInfo of deep declarations and leaves': [stuffed(deep(9, 900)), 'saml.signature.size'],
      'a stuffed SignedInfo of 64 elements': [stuffed(deep(4, 40)), 'saml.signature.shape'],
      'a stuffed KeyInfo': [
        signedResponse({}, {}, { keyInfo: `<ds:KeyInfo>${'<ds:KeyName/>'.repeat(900)}</ds:KeyInfo>` }),
        'saml.signature.size',
      ],
    };
    for (const [name, [xml, gets]] of Object.entries(worst)) {
      const proof = { type: 'saml', value: new Secret(base64(xml)) } as const;
      let ended = '';
      const run = async () => {
        ended = await verifier.verify(proof, NOW).then(
          () => 'verified',
          (error) => error.reason,
        );
      };
      // Other processes slow both down alike; the least of several attempts leaves out what interrupts only one of them.
      let ratio = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 20 && ratio > 1; attempt++)
        ratio = Math.min(ratio, (await longestHold(run)) / bareVerifications(1000));
      t.equal(ended, gets, name);
      t.ok(ratio <= 1, `${name}: ${ratio.toFixed(2)}`);
    }
  },
);

const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 });
const BARE_SIGNATURE = signBytes('sha256', Buffer.from('signed'), KEYS.privateKey);

/** The milliseconds that so many RSA signature verifications take, some 20 for 1000 on an idle core. */
function bareVerifications(count: number): number {
  const started = performance.now();
  for (let index = 0; index < count; index++)
    verifyBytes('sha256', Buffer.from('signed'), KEYS.publicKey, BARE_SIGNATURE);
  return performance.now() - started;
}

/** The longest the event loop was held while this ran, milliseconds. */
async function longestHold(run: () => Promise<void>): Promise<number> {
  let last = performance.now();
  let longest = 0;
  let running = true;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  await run();
  running = false;
  tick();
  return longest;
}
