// An enveloped signature over one element, as SAML Core section 5.4 requires: one Reference to the element's ID,
// exclusive canonicalization (https://www.w3.org/TR/xml-exc-c14n/), the certificate in KeyInfo.
import { createHash, type KeyObject, sign } from 'node:crypto';
import { element, type Markup } from '@sallyport/sts-protocol/markup';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, NS } from './names.js';

const RSA = {
  'http://www.w3.org/2000/09/xmldsig#rsa-sha1': 'sha1',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256': 'sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': 'sha512',
} as const;
const DIGEST = {
  'http://www.w3.org/2000/09/xmldsig#sha1': 'sha1',
  'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512',
} as const;

export interface SignatureValues {
  readonly privateKey: KeyObject;
  /** DER in base64. */
  readonly certificate: string;
  /** Default RSA-SHA256. SHA-1 is for tests that must reject it. */
  readonly signatureAlgorithm?: keyof typeof RSA;
  /** Default SHA-256. */
  readonly digestAlgorithm?: keyof typeof DIGEST;
}

function canonical(xml: Markup, inclusivePrefixes: readonly string[]): string {
  const root = new DOMParser().parseFromString(xml.toString(), 'text/xml').documentElement;
  return new ExclusiveCanonicalization().process(root, {
    inclusiveNamespacesPrefixList: [...inclusivePrefixes],
  });
}

/** The `ds:Signature` of `target`, the element whose ID is `id`; it belongs into the element, after its Issuer. */
export function signatureOf(
  target: Markup,
  id: string,
  values: SignatureValues,
  inclusivePrefixes: readonly string[],
): Markup {
  const signatureAlgorithm = values.signatureAlgorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
  const digestAlgorithm = values.digestAlgorithm ?? 'http://www.w3.org/2001/04/xmlenc#sha256';
  const algorithm = (name: string, uri: string, ...children: Markup[]) =>
    element(name, { Algorithm: uri }, ...children);
  const digest = createHash(DIGEST[digestAlgorithm])
    .update(canonical(target, inclusivePrefixes))
    .digest('base64');
  const inclusiveNamespaces = inclusivePrefixes.length > 0 && [
    element('ec:InclusiveNamespaces', {
      'xmlns:ec': EXCLUSIVE_C14N,
      PrefixList: inclusivePrefixes.join(' '),
    }),
  ];

  const signedInfo = element(
    'ds:SignedInfo',
    { 'xmlns:ds': NS.signature },
    algorithm('ds:CanonicalizationMethod', EXCLUSIVE_C14N),
    algorithm('ds:SignatureMethod', signatureAlgorithm),
    element(
      'ds:Reference',
      { URI: `#${id}` },
      element(
        'ds:Transforms',
        {},
        algorithm('ds:Transform', ENVELOPED_SIGNATURE),
        algorithm('ds:Transform', EXCLUSIVE_C14N, ...(inclusiveNamespaces || [])),
      ),
      algorithm('ds:DigestMethod', digestAlgorithm),
      element('ds:DigestValue', {}, digest),
    ),
  );
  const signature = sign(RSA[signatureAlgorithm], Buffer.from(canonical(signedInfo, [])), values.privateKey);

  return element(
    'ds:Signature',
    { 'xmlns:ds': NS.signature },
    signedInfo,
    element('ds:SignatureValue', {}, signature.toString('base64')),
    element(
      'ds:KeyInfo',
      {},
      element('ds:X509Data', {}, element('ds:X509Certificate', {}, values.certificate)),
    ),
  );
}
