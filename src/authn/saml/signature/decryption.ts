// Decrypts an EncryptedAssertion. xml-encryption only sees a document that is written here from checked parts. All failures
// look the same, so that an attacker cannot probe for keys or padding.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { decrypt } from 'xml-encryption';
import { rejectAssertion } from '../reject-assertion.js';
import { isElement, matchChildren, requireSingle } from '../xml/elements.js';
import { DSIG, SAML, XENC, XENC11 } from '../xml/namespaces.js';
import { parseXml, type XmlElement, type XmlLimits } from '../xml/parse-xml.js';

const AUTHENTICATED = new Set([`${XENC11}aes128-gcm`, `${XENC11}aes256-gcm`]);
const UNAUTHENTICATED = new Set([`${XENC}aes128-cbc`, `${XENC}aes256-cbc`]);
/** Without RSAES-PKCS1-v1_5, which is open to padding oracle attacks. */
const KEY_TRANSPORTS = new Set([`${XENC}rsa-oaep-mgf1p`, `${XENC11}rsa-oaep`]);
const KEY_PARAMETERS = new Set(['DigestMethod', 'MGF', 'OAEPparams']);
const URI = /^[A-Za-z0-9:/.#_-]+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** IV, at least one byte, tag. */
const MIN_GCM_BYTES = 12 + 1 + 16;

export interface DecryptedAssertion {
  readonly text: string;
  readonly assertion: XmlElement;
}

/**
 * XML Encryption 1.1 sections 3 and 5, for the EncryptedAssertion of `response`. `signed`: whether a verified signature
 * covers it. AES-CBC, which is malleable, is only decrypted if it is signed.
 * @throws SallyportError `proof_invalid`, reason `saml.decryption` for every failure.
 */
export function decryptAssertion(
  response: XmlElement,
  encrypted: XmlElement,
  signed: boolean,
  keys: readonly string[],
  rules: XmlLimits,
): DecryptedAssertion {
  try {
    const xml = toEncryptedData(encrypted, signed);
    const plain = keys.map((key) => tryDecrypt(xml, key)).find((text) => text !== undefined) ?? '';
    const inScope = new Map([...response.declarations, ...encrypted.declarations]);
    const assertion = parseXml(plain, rules, inScope).root;
    // xml-encryption writes U+FFFD where the plain text is not UTF-8.
    const isUtf8 = !plain.includes('\uFFFD');
    if (isUtf8 && isElement(assertion, SAML, 'Assertion')) {
      return { text: declareNamespaces(plain, assertion, inScope), assertion };
    }
  } catch {
    // Refused below like every other failure.
  }
  return rejectAssertion('decryption');
}

/** What is wrong with a decryption key, as a sentence for the operator; undefined if it is valid. */
export function checkDecryptionKey(pem: string): string | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return 'This is not a PEM private key without a passphrase. Write one.';
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType === 'rsa' && bits >= 2048) return undefined;
  return 'This key is not RSA with 2048 bits or more. Use such a key.';
}

function tryDecrypt(xml: string, key: string): string | undefined {
  let plain: string | undefined;
  decrypt(
    xml,
    { key, disallowDecryptionWithInsecureAlgorithm: false, warnInsecureAlgorithm: false },
    (error, text) => {
      if (!error) plain = text;
    },
  );
  return plain;
}

/**
 * Declares inherited namespaces in the tag of the element itself, so that the plain text can be parsed on its own instead
 * of in the place of its EncryptedData. Exclusive c14n gives the same bytes for both.
 */
function declareNamespaces(
  text: string,
  { declarations }: XmlElement,
  inScope: ReadonlyMap<string, string>,
): string {
  const missing = [...inScope].filter(([prefix]) => !declarations.has(prefix));
  const written = missing.map(([prefix, uri]) => ` xmlns${prefix && `:${prefix}`}="${uri}"`);
  return text.replace(/<[A-Za-z_][^\s/>]*/, (tag) => tag + written.join(''));
}

/** The EncryptedData with its EncryptedKey inside, in its simplest form. Throws if a part is missing or not allowed. */
function toEncryptedData(encryptedAssertion: XmlElement, signed: boolean): string {
  const { data, keys: siblingKeys } = matchChildren(
    encryptedAssertion,
    { data: [XENC, 'EncryptedData', 1, 1], keys: [XENC, 'EncryptedKey', 0, 1] },
    'decryption',
  );
  const encryptedData = requireSingle(data, 'decryption');
  const keyInfos = encryptedData.children.filter((child) => isElement(child, DSIG, 'KeyInfo'));
  const nestedKeys = keyInfos.flatMap(({ children }) =>
    children.filter((child) => isElement(child, XENC, 'EncryptedKey')),
  );
  const encryptedKey = requireSingle([...nestedKeys, ...siblingKeys], 'decryption');

  const method = encryptionMethod(encryptedData);
  const algorithm = uriOf(method);
  const content = cipherValue(encryptedData);
  const allowed = AUTHENTICATED.has(algorithm)
    ? Buffer.from(content, 'base64').length >= MIN_GCM_BYTES
    : signed && UNAUTHENTICATED.has(algorithm);
  const keyMethod = encryptionMethod(encryptedKey);
  if (!allowed || !KEY_TRANSPORTS.has(uriOf(keyMethod))) return rejectAssertion('decryption');

  return (
    `<e:EncryptedData xmlns:e="${XENC}" xmlns:d="${DSIG}"><e:EncryptionMethod Algorithm="${algorithm}"/>` +
    `<d:KeyInfo><e:EncryptedKey><e:EncryptionMethod Algorithm="${uriOf(keyMethod)}">` +
    `${keyMethod.children.map(keyParameter).join('')}</e:EncryptionMethod>` +
    `<e:CipherData><e:CipherValue>${cipherValue(encryptedKey)}</e:CipherValue></e:CipherData></e:EncryptedKey>` +
    `</d:KeyInfo><e:CipherData><e:CipherValue>${content}</e:CipherValue></e:CipherData></e:EncryptedData>`
  );
}

function encryptionMethod(parent: XmlElement): XmlElement {
  return requireSingle(
    parent.children.filter((child) => isElement(child, XENC, 'EncryptionMethod')),
    'decryption',
  );
}

/** Digest, mask generation function and label of RSA-OAEP (section 5.5.2). */
function keyParameter(parameter: XmlElement): string {
  if (!KEY_PARAMETERS.has(parameter.name)) return rejectAssertion('decryption');
  if (parameter.name === 'OAEPparams') return `<e:OAEPparams>${base64(parameter.text)}</e:OAEPparams>`;
  return `<e:${parameter.name} Algorithm="${uriOf(parameter)}"/>`;
}

function cipherValue(parent: XmlElement): string {
  const data = requireSingle(
    parent.children.filter((child) => isElement(child, XENC, 'CipherData')),
    'decryption',
  );
  const { value } = matchChildren(data, { value: [XENC, 'CipherValue', 1, 1] }, 'decryption');
  return base64(requireSingle(value, 'decryption').text);
}

function base64(text: string): string {
  const compact = text.replaceAll(/\s/g, '');
  return BASE64.test(compact) ? compact : rejectAssertion('decryption');
}

function uriOf(element: XmlElement): string {
  const uri = element.attributes.get('Algorithm') ?? '';
  return URI.test(uri) ? uri : rejectAssertion('decryption');
}
