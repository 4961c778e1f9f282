// Produces the canonical text that a signature covers: exclusive c14n (https://www.w3.org/TR/xml-exc-c14n/) by xml-crypto.
// Later steps verify and parse this text, never the tree it was made from.
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { DSIG } from './namespaces.js';

/** The canonical text of an element and of the SignedInfo in its Signature. */
export interface CanonicalParts {
  readonly signedInfo: string;
  /** Canonical text of the element without the Signature. `prefixes`: InclusiveNamespaces PrefixList of the transform. */
  content(prefixes: readonly string[]): string;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';
const ELEMENT = 1;

/**
 * For the root, or the child of the root, with this ID. `text` has passed the strict parser.
 * @throws Error if xmldom reads the document in another way.
 */
export function canonicalizeSigned(text: string, id: string): CanonicalParts {
  const root = parse(text).documentElement;
  const target = single(
    [root, ...childElements(root)].filter((element) => element.getAttribute('ID') === id),
  );
  const signature = single(childElements(target).filter((child) => isSignaturePart(child, 'Signature')));
  const signedInfo = single(childElements(signature).filter((child) => isSignaturePart(child, 'SignedInfo')));
  return {
    signedInfo: new ExclusiveCanonicalization().process(signedInfo, {}),
    content(prefixes) {
      // The enveloped-signature transform: XML Signature core 6.6.4.
      target.removeChild(signature);
      return new ExclusiveCanonicalization().process(target, {
        inclusiveNamespacesPrefixList: [...prefixes],
        ancestorNamespaces: target === root ? [] : inheritedNamespaces(root, target),
      });
    },
  };
}

function parse(text: string): Document {
  const fatal = (): never => {
    throw new Error('xmldom does not accept the document.');
  };
  const parser = new DOMParser({ errorHandler: { warning: fatal, error: fatal, fatalError: fatal } });
  return parser.parseFromString(text, 'text/xml');
}

function childElements(parent: Element): readonly Element[] {
  return Array.from(parent.childNodes).filter((node): node is Element => node.nodeType === ELEMENT);
}

function isSignaturePart(element: Element, name: string): boolean {
  return element.namespaceURI === DSIG && element.localName === name;
}

function single(elements: readonly Element[]): Element {
  const [element, ...others] = elements;
  if (element === undefined || others.length > 0) throw new Error('Expected exactly one element.');
  return element;
}

/** Namespaces that the root declares and the target does not. */
function inheritedNamespaces(root: Element, target: Element): { prefix: string; namespaceURI: string }[] {
  return Array.from(root.attributes)
    .filter(({ namespaceURI, prefix }) => namespaceURI === XMLNS && prefix === 'xmlns')
    .filter(({ name }) => !target.hasAttribute(name))
    .map(({ localName, value }) => ({ prefix: localName, namespaceURI: value }));
}
