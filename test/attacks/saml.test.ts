// Attacks on XML signatures: wrapped, moved, removed, or made with a key of the attacker.
import t from 'tap';
import { attacksOn, GENUINE } from '../support/saml-attacks.js';
import {
  assertion,
  encrypt,
  fixture,
  insertSignature,
  metadata,
  response,
  type SIGNING,
  sign,
  signature,
  signedResponse,
} from '../support/saml-documents.js';
import { verifierWith } from '../support/saml-verifier.js';

const SIGNED_ASSERTION = sign(assertion(), '_assertion-1');
const SIGNATURE = signature(assertion(), '_assertion-1');
const FORGED = assertion({ id: '_forged', nameId: '<saml:NameID>admin</saml:NameID>' });
const SIGNED_RESPONSE = sign(response(assertion()), '_response-1');
const RESPONSE_SIGNATURE = signature(response(assertion()), '_response-1');
const DSIG = 'http://www.w3.org/2000/09/xmldsig#';
const XENC = 'http://www.w3.org/2001/04/xmlenc#';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

const check = attacksOn(await verifierWith(t));
const inSignature = (content: string, xml = SIGNATURE) =>
  xml.replace('</ds:Signature>', `<ds:Object>${content}</ds:Object></ds:Signature>`);

t.test('XML signature wrapping (XSW1 to XSW8 and variants) is refused', async (t) => {
  const forgedResponse = response(FORGED, { id: '_evil' });
  await check(t, [
    [
      'XSW1: the genuine Response inside the Signature of a forged one',
      insertSignature(forgedResponse, '_evil', inSignature(response(assertion()), RESPONSE_SIGNATURE)),
      'proof_malformed saml.assertion.count',
      SIGNED_RESPONSE,
    ],
    [
      'XSW2: the genuine Response next to a detached Signature in a forged one',
      insertSignature(forgedResponse, '_evil', response(assertion()) + RESPONSE_SIGNATURE),
      'proof_malformed saml.response.content',
      SIGNED_RESPONSE,
    ],
    [
      'XSW3: a forged assertion before the genuine one',
      response(FORGED + SIGNED_ASSERTION),
      'proof_malformed saml.assertion.count',
    ],
    [
      'XSW4: the genuine assertion inside the forged one',
      response(FORGED.replace('</saml:Assertion>', `${SIGNED_ASSERTION}</saml:Assertion>`)),
      'proof_malformed saml.assertion.count',
    ],
    [
      'XSW5: the Signature in the forged assertion, the genuine one after it',
      response(insertSignature(FORGED, '_forged', SIGNATURE) + assertion()),
      'proof_malformed saml.assertion.count',
    ],
    [
      'XSW6: the genuine assertion inside the Signature of the forged one, without Object',
      response(
        insertSignature(
          FORGED,
          '_forged',
          SIGNATURE.replace('</ds:Signature>', `${assertion()}</ds:Signature>`),
        ),
      ),
      'proof_malformed saml.assertion.count',
    ],
    [
      'XSW7: the forged assertion in Extensions',
      response(SIGNED_ASSERTION).replace(
        '<samlp:Status>',
        `<samlp:Extensions>${FORGED}</samlp:Extensions><samlp:Status>`,
      ),
      'proof_malformed saml.response.content',
    ],
    [
      'XSW8: the genuine assertion in an Object of the Signature of the forged one',
      response(insertSignature(FORGED, '_forged', inSignature(assertion()))),
      'proof_malformed saml.assertion.count',
    ],
    [
      'the forged assertion after the genuine one',
      response(SIGNED_ASSERTION + FORGED),
      'proof_malformed saml.assertion.count',
    ],
    [
      'the forged assertion in Advice of the genuine one',
      response(
        SIGNED_ASSERTION.replace(
          '</saml:Assertion>',
          `<saml:Advice>${FORGED}</saml:Advice></saml:Assertion>`,
        ),
      ),
      'proof_malformed saml.assertion.count',
    ],
    [
      'an encrypted assertion next to the genuine one',
      response(SIGNED_ASSERTION + encrypt(FORGED)),
      'proof_malformed saml.assertion.count',
    ],
    [
      'the genuine assertion in StatusDetail, the forged one in its place',
      response(FORGED).replace(
        '</samlp:Status>',
        `<samlp:StatusDetail>${SIGNED_ASSERTION}</samlp:StatusDetail></samlp:Status>`,
      ),
      'proof_malformed saml.assertion.count',
    ],
    [
      'the genuine assertion in StatusDetail, and none in its place',
      response('').replace(
        '</samlp:Status>',
        `<samlp:StatusDetail>${SIGNED_ASSERTION}</samlp:StatusDetail></samlp:Status>`,
      ),
      'proof_malformed saml.assertion.place',
    ],
    [
      'the forged assertion with the ID of the genuine one, which is gone',
      response(insertSignature(FORGED.replace('_forged', '_assertion-1'), '_assertion-1', SIGNATURE)),
      'proof_invalid saml.signature.digest',
    ],
    [
      'the signed Response carries the assertion of another',
      SIGNED_RESPONSE.replace('>alice<', '>admin<'),
      'proof_invalid saml.signature.digest',
      SIGNED_RESPONSE,
    ],
    [
      'a signed assertion in a Response whose own signature is broken',
      sign(GENUINE, '_response-1').replace(
        'Destination="https://signin',
        'Destination="https://eu-west-1.signin',
      ),
      'proof_invalid saml.signature.digest',
      sign(GENUINE, '_response-1'),
    ],
    [
      'a signed Response around an assertion whose own signature is broken',
      sign(signedResponse({}, {}, { key: fixture('stranger.key') }), '_response-1'),
      'proof_invalid saml.signature.value',
      sign(GENUINE, '_response-1'),
    ],
  ]);
});

t.test('missing, misplaced, foreign and weak signatures are refused (saml.signature.*)', async (t) => {
  const withSigning = (signing: Partial<typeof SIGNING>) => signedResponse({}, {}, signing);
  const transform = (uri: string, content = '') =>
    `<ds:Transform Algorithm="${uri}">${content}</ds:Transform>`;
  const enveloped = transform(`${DSIG}enveloped-signature`);
  const exclusive = transform(C14N);
  const publicKey = fixture('idp.crt');
  await check(t, [
    ['no signature at all', response(assertion()), 'proof_invalid saml.signature.missing'],
    [
      'the signature stripped',
      GENUINE.replace(/<ds:Signature .*<\/ds:Signature>/, ''),
      'proof_invalid saml.signature.missing',
    ],
    [
      'the Signature moved into Subject',
      response(assertion().replace('<saml:NameID', `${SIGNATURE}<saml:NameID`)),
      'proof_malformed saml.signature.place',
    ],
    [
      'the Signature of the assertion moved up to the Response',
      insertSignature(response(assertion()), '_response-1', SIGNATURE),
      'proof_invalid saml.signature.reference',
    ],
    [
      'two Signatures in the assertion',
      GENUINE.replace(SIGNATURE, SIGNATURE + SIGNATURE),
      'proof_invalid saml.signature.missing',
    ],
    [
      'a Reference to another element',
      withSigning({ uri: '#_response-1' }),
      'proof_invalid saml.signature.reference',
    ],
    ['a Reference to nothing', withSigning({ uri: '#_nowhere' }), 'proof_invalid saml.signature.reference'],
    ['a Reference to the whole document', withSigning({ uri: '' }), 'proof_invalid saml.signature.reference'],
    [
      'a Reference to a URL',
      withSigning({ uri: 'https://attacker.example/x' }),
      'proof_invalid saml.signature.reference',
    ],
    [
      'an XPointer Reference',
      withSigning({ uri: "#xpointer(id('_assertion-1'))" }),
      'proof_invalid saml.signature.reference',
    ],
    [
      'two References',
      withSigning({
        moreReferences: `<ds:Reference URI="#_response-1"><ds:Transforms>${enveloped}${exclusive}</ds:Transforms><ds:DigestMethod Algorithm="${XENC}sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>`,
      }),
      'proof_invalid saml.signature.reference',
    ],
    [
      'an XPath transform more',
      withSigning({
        transforms: `${enveloped}${transform('http://www.w3.org/TR/1999/REC-xpath-19991116')}${exclusive}`,
      }),
      'proof_invalid saml.signature.transforms',
    ],
    [
      'an XSLT transform',
      withSigning({ transforms: `${enveloped}${transform('http://www.w3.org/TR/1999/REC-xslt-19991116')}` }),
      'proof_invalid saml.signature.transforms',
    ],
    [
      'exclusive c14n twice',
      withSigning({ transforms: `${enveloped}${exclusive}${exclusive}` }),
      'proof_invalid saml.signature.transforms',
    ],
    [
      'no enveloped transform',
      withSigning({ transforms: exclusive }),
      'proof_invalid saml.signature.transforms',
    ],
    [
      'transforms in the wrong order',
      withSigning({ transforms: exclusive + enveloped }),
      'proof_invalid saml.signature.transforms',
    ],
    ['no transforms', withSigning({ transforms: '' }), 'proof_invalid saml.signature.transforms'],
    [
      'inclusive c14n of the assertion',
      withSigning({
        transforms: `${enveloped}${transform('http://www.w3.org/TR/2001/REC-xml-c14n-20010315')}`,
      }),
      'proof_invalid saml.signature.transforms',
    ],
    [
      'exclusive c14n with comments',
      withSigning({ transforms: `${enveloped}${transform(`${C14N}WithComments`)}` }),
      'proof_invalid saml.signature.transforms',
    ],
    [
      'an endless PrefixList',
      withSigning({
        transforms: `${enveloped}${transform(C14N, `<ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="${'a '.repeat(5_000)}"/>`)}`,
      }),
      'proof_invalid saml.signature.transforms',
      withSigning({
        transforms: `${enveloped}${transform(C14N, `<ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="saml"/>`)}`,
        inclusivePrefixes: ['saml'],
      }),
    ],
    [
      'inclusive c14n of SignedInfo',
      withSigning({ canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }),
      'proof_invalid saml.signature.canonicalization',
    ],
    [
      'a key of somebody else',
      withSigning({ key: fixture('stranger.key') }),
      'proof_invalid saml.signature.value',
    ],
    [
      "a key of somebody else, with that one's certificate in KeyInfo",
      withSigning({
        key: fixture('stranger.key'),
        keyInfo: `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${fixture('stranger.crt').replaceAll(/-----[A-Z ]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
      }),
      'proof_invalid saml.signature.value',
      withSigning({
        keyInfo: `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${fixture('stranger.crt').replaceAll(/-----[A-Z ]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
      }),
    ],
    [
      'a NameID in KeyInfo, which nothing covers',
      withSigning({ keyInfo: '<ds:KeyInfo><saml:NameID>admin</saml:NameID></ds:KeyInfo>' }),
      'proof_malformed saml.signature.content',
      withSigning({ keyInfo: '<ds:KeyInfo><ds:KeyName>admin</ds:KeyName></ds:KeyInfo>' }),
    ],
    ['a weak key, RSA-1024', withSigning({ key: fixture('weak.key') }), 'proof_invalid saml.signature.value'],
    [
      'HMAC with the public certificate as its key',
      withSigning({ algorithm: `${MORE}hmac-sha256`, key: publicKey }),
      'proof_invalid saml.signature.algorithm',
    ],
    [
      'HMAC-SHA1',
      withSigning({ algorithm: `${DSIG}hmac-sha1`, key: publicKey }),
      'proof_invalid saml.signature.algorithm',
    ],
    ['RSA-SHA1', withSigning({ algorithm: `${DSIG}rsa-sha1` }), 'proof_invalid saml.signature.algorithm'],
    [
      'a SHA-1 digest',
      withSigning({ digestAlgorithm: `${DSIG}sha1` }),
      'proof_invalid saml.signature.digest_algorithm',
    ],
    [
      'an algorithm named like an inherited property',
      withSigning({}).replace(`${MORE}rsa-sha256`, 'constructor'),
      'proof_invalid saml.signature.algorithm',
    ],
    [
      'an ECDSA algorithm, where the issuer has an RSA key',
      withSigning({ algorithm: `${MORE}ecdsa-sha256`, key: fixture('ec.key') }),
      'proof_invalid saml.signature.value',
    ],
    [
      'an empty SignatureValue',
      GENUINE.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>'),
      'proof_invalid saml.signature.value',
    ],
    [
      'one bit of the SignatureValue',
      GENUINE.replace(/<ds:SignatureValue>(.)/, (_, c) => `<ds:SignatureValue>${c === 'A' ? 'B' : 'A'}`),
      'proof_invalid saml.signature.value',
    ],
    [
      'a second SignedInfo in front',
      GENUINE.replace('<ds:SignedInfo', '<ds:SignedInfo/><ds:SignedInfo'),
      'proof_invalid saml.signature.shape',
    ],
    [
      'an Object before SignedInfo',
      withSigning({ before: '<ds:Object/>' }),
      'proof_invalid saml.signature.shape',
    ],
    [
      'a second DigestValue in front',
      GENUINE.replace('<ds:DigestValue>', '<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>'),
      'proof_invalid saml.signature.shape',
    ],
    [
      'elements inside DigestValue',
      GENUINE.replace(/<ds:DigestValue>([^<]*)/, '<ds:DigestValue><ds:X>$1</ds:X>'),
      'proof_invalid saml.signature.shape',
    ],
  ]);
});

t.test('metadata with a weak signing key is refused', async (t) => {
  for (const name of ['weak', 'odd-curve']) {
    await t.rejects(
      verifierWith(t, {}, { metadataXml: metadata(['idp', name]) }),
      /A signing certificate in it has/,
      name,
    );
  }
});
