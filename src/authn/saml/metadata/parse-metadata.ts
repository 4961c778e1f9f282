// Parses IdP metadata. It is the only source of the keys that may sign Responses.
import { X509Certificate } from 'node:crypto';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import { omitUndefined } from '../../../core/omit-undefined.js';
import { keyWeakness, type SigningKey } from '../signature/algorithms.js';
import { verifyEnvelopedSignature } from '../signature/enveloped-signature.js';
import { isElement, leafText, selfAndDescendants } from '../xml/elements.js';
import { parseInstant } from '../xml/instants.js';
import { DSIG, METADATA, REDIRECT, SAMLP } from '../xml/namespaces.js';
import { parseXml, type XmlElement, type XmlLimits } from '../xml/parse-xml.js';

export interface IdpMetadata {
  readonly entityId: string;
  /** Never empty. Several during key rotation. */
  readonly keys: readonly SigningKey[];
  /** Epoch seconds. The metadata must not be used after this time. */
  readonly validUntil?: number;
  /** Single sign-on URL for HTTP-Redirect: https, or http on loopback. */
  readonly ssoUrl?: string;
}

/** Metadata that cannot be used. The message is a sentence for the operator. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
}

const LIMITS: XmlLimits = {
  depth: 32,
  elements: 5_000,
  attributes: 20_000,
  attributesPerElement: 64,
  namespaces: 'any',
  comments: 'drop',
};

/**
 * SAML metadata 2.3 and 2.4. If a document describes several entities, exactly one must be an IdP. `signer`: the key that
 * must have signed the document; the result is then read from the signed bytes. Times in epoch seconds.
 * @throws MetadataError
 */
export function parseMetadata(text: string, signer: SigningKey | undefined, now: number): IdpMetadata {
  const root = signer ? signedRoot(text, signer) : readRoot(text);
  const descriptors = [...selfAndDescendants(root)].filter((element) =>
    isElement(element, METADATA, 'EntityDescriptor'),
  );
  const [entity, ...others] = descriptors.filter((element) => findIdpRole(element) !== undefined);
  const role = entity && findIdpRole(entity);
  if (!entity || !role)
    throw new MetadataError('It describes no SAML 2.0 identity provider (IDPSSODescriptor).');
  if (others.length > 0)
    throw new MetadataError('It describes several identity providers. Save the metadata of one.');
  const entityId = entity.attributes.get('entityID');
  if (!entityId) throw new MetadataError('Its EntityDescriptor has no entityID.');
  const validUntil = earliestValidUntil(pathTo(root, role));
  if (validUntil !== undefined && validUntil <= now) {
    throw new MetadataError('Its validUntil has passed. Get current metadata from the identity provider.');
  }
  return {
    entityId,
    keys: readSigningKeys(role),
    ...omitUndefined({ validUntil, ssoUrl: findRedirectUrl(role) }),
  };
}

/** @throws MetadataError for a certificate that cannot be read or whose key is too weak. */
export function toSigningKey(encoded: string | Buffer): SigningKey {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(encoded);
  } catch {
    throw new MetadataError('A signing certificate in it cannot be read.');
  }
  const key = certificate.publicKey;
  const weakness = keyWeakness(key);
  if (weakness) throw new MetadataError(`A signing certificate in it has ${weakness}.`);
  return { key, certificate };
}

function readRoot(text: string): XmlElement {
  try {
    return parseXml(text, LIMITS).root;
  } catch (cause) {
    throw new MetadataError('It is not XML that can be read, or has a DOCTYPE or CDATA.', { cause });
  }
}

function signedRoot(text: string, signer: SigningKey): XmlElement {
  const root = readRoot(text);
  try {
    return verifyEnvelopedSignature(text, root, [signer], LIMITS).element;
  } catch (cause) {
    throw new MetadataError('It is not signed with the key in metadataCertificate.', { cause });
  }
}

function findIdpRole(entity: XmlElement): XmlElement | undefined {
  return entity.children.find(
    (child) =>
      isElement(child, METADATA, 'IDPSSODescriptor') &&
      child.attributes.get('protocolSupportEnumeration')?.split(/\s+/).includes(SAMLP),
  );
}

function readSigningKeys(role: XmlElement): readonly SigningKey[] {
  const keys = role.children
    .filter(
      (child) => isElement(child, METADATA, 'KeyDescriptor') && isForSigning(child.attributes.get('use')),
    )
    .flatMap((descriptor) =>
      [...selfAndDescendants(descriptor)].filter((element) => isElement(element, DSIG, 'X509Data')),
    )
    // The first certificate has the signing key. Others are its chain; their keys do not sign assertions.
    .flatMap((data) => data.children.filter((child) => isElement(child, DSIG, 'X509Certificate')).slice(0, 1))
    .map((element) => toSigningKey(Buffer.from(leafText(element, 'metadata'), 'base64')));
  if (keys.length === 0) throw new MetadataError('It has no signing certificate.');
  return keys;
}

/** SAML metadata 2.4.3: the first SingleSignOnService with HTTP-Redirect. */
function findRedirectUrl(role: XmlElement): string | undefined {
  return role.children
    .filter(
      (child) =>
        isElement(child, METADATA, 'SingleSignOnService') && child.attributes.get('Binding') === REDIRECT,
    )
    .map(({ attributes }) => attributes.get('Location') ?? '')
    .find((url) => {
      const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
      return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
    });
}

/** SAML metadata 2.4.1.1: a key without `use` is for signing as well. */
const isForSigning = (use: string | undefined): boolean => use === undefined || use === 'signing';

/** The elements from `root` to `element`, both included; empty if `element` is not in the tree. */
function pathTo(root: XmlElement, element: XmlElement): readonly XmlElement[] {
  if (root === element) return [root];
  const below = root.children.map((child) => pathTo(child, element)).find(({ length }) => length > 0);
  return below ? [root, ...below] : [];
}

/** The validUntil of every enclosing element applies (SAML metadata 2.3.1). */
function earliestValidUntil(elements: readonly XmlElement[]): number | undefined {
  const instants = elements.flatMap(({ attributes }) => {
    const text = attributes.get('validUntil');
    if (text === undefined) return [];
    const instant = parseInstant(text);
    if (instant === undefined) throw new MetadataError('Its validUntil is not a time in UTC.');
    return [instant];
  });
  return instants.length === 0 ? undefined : Math.min(...instants);
}
