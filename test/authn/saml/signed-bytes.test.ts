// The result of verification comes from the signed bytes, never from the tree that was parsed before.
import t from 'tap';
import { parseResponseStructure } from '../../../src/authn/saml/assertion/response-structure.js';
import { toSigningKey } from '../../../src/authn/saml/metadata/parse-metadata.js';
import { responseLimits } from '../../../src/authn/saml/response-document.js';
import { verifyEnvelopedSignature } from '../../../src/authn/saml/signature/enveloped-signature.js';
import { verifySignatures } from '../../../src/authn/saml/signature/signed-parts.js';
import { selfAndDescendants } from '../../../src/authn/saml/xml/elements.js';
import { XHTML } from '../../../src/authn/saml/xml/namespaces.js';
import { parseXml, type XmlElement, type XmlLimits } from '../../../src/authn/saml/xml/parse-xml.js';
import { assertion, encrypt, fixture, response, sign, signedResponse } from '../../support/saml-documents.js';

const rules = responseLimits([]);
const keys = { signing: [toSigningKey(fixture('idp.crt'))], decryption: [fixture('broker.key')] };
const nameIdIn = (element: XmlElement) =>
  [...selfAndDescendants(element)].find(({ name }) => name === 'NameID')?.text;

t.test('values are read from the signed bytes even if the first tree is altered', async (t) => {
  const documents = {
    'signed assertion': signedResponse(),
    'signed Response': sign(response(assertion()), '_response-1'),
    both: sign(signedResponse(), '_response-1'),
  };
  for (const [name, xml] of Object.entries(documents)) {
    const wrong = parseResponseStructure(parseXml(xml.replace('>alice<', '>admin<'), rules).root);
    t.equal(nameIdIn((await verifySignatures(xml, wrong, keys, rules)).assertion), 'alice', name);
  }
  const signed = sign(response(assertion()), '_response-1');
  const elsewhere = signed.replace('Destination="https://signin', 'Destination="https://evil');
  const parts = await verifySignatures(
    signed,
    parseResponseStructure(parseXml(elsewhere, rules).root),
    keys,
    rules,
  );
  t.equal(parts.response.attributes.get('Destination'), 'https://signin.aws.amazon.com/saml');

  const encrypted = (text: string) => sign(response(encrypt(text)), '_response-1');
  const genuine = encrypted(assertion());
  const forged = encrypted(assertion({ nameId: '<saml:NameID>admin</saml:NameID>' }));
  const swapped = parseXml(genuine, rules).root;
  const cipher = parseResponseStructure(parseXml(forged, rules).root);
  const wrong = {
    ...parseResponseStructure(swapped),
    ...(cipher.encrypted && { encrypted: cipher.encrypted }),
  };
  t.equal(nameIdIn((await verifySignatures(genuine, wrong, keys, rules)).assertion), 'alice', 'encrypted');
});

t.test('a SignedInfo with other children is refused before canonicalization', (t) => {
  const stuffings = [
    ['</ds:SignedInfo>', '<ds:Object/></ds:SignedInfo>'],
    [/(<ds:SignatureMethod [^>]*)\/>/, '$1><ds:Object/></ds:SignatureMethod>'],
    [/(<ds:DigestMethod [^>]*)\/>/, '$1><ds:Object/></ds:DigestMethod>'],
  ] as const;
  for (const [place, stuffing] of stuffings) {
    const { assertion: parent } = parseResponseStructure(
      parseXml(signedResponse().replace(place, stuffing), rules).root,
    );
    if (!parent) throw new Error('no assertion');
    try {
      verifyEnvelopedSignature('never read', parent, keys.signing, rules);
      t.fail('accepted');
    } catch (error) {
      t.match(error, { reason: 'saml.signature.shape' });
    }
  }
  t.end();
});

t.test('XHTML and reserved names are refused regardless of the limits', (t) => {
  const parse = (xml: string, more: Partial<XmlLimits> = {}) =>
    parseXml(xml, { ...rules, namespaces: 'any', ...more });
  const refused = (reason: string, xml: string, more?: Partial<XmlLimits>) => {
    try {
      parse(xml, more);
      t.fail(`accepted ${xml}`);
    } catch (error) {
      t.match(error, { code: 'proof_malformed', reason: `saml.xml.${reason}` }, xml);
    }
  };
  refused('namespace', `<a xmlns="${XHTML}"/>`, { namespaces: new Set([XHTML]) });
  refused('namespace', `<a xmlns="${XHTML}"/>`);
  refused('namespace', '<a xmlns:b="x&quot; c=&quot;y"/>');
  refused('attributes', '<a b="" c=""><d e="" f=""/></a>', { attributes: 3 });
  refused('depth', '<a><b/></a>', { depth: 1 });
  t.same(parse('<a><!-- c --><?d e?><b/></a>', { comments: 'drop' }).root.children.length, 1);
  refused('cdata', '<a><![CDATA[b]]></a>', { comments: 'drop' });
  t.end();
});
