// The canonical bytes a signature speaks of: exclusive c14n (https://www.w3.org/TR/xml-exc-c14n/) as xml-crypto
// writes it. What is checked and read later is this text, never the tree it came from.
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { DSIG } from './namespaces.js';

/** An element of a document with its one Signature child apart. */
export interface CanonicalParts {
  readonly signedInfo: string;
  /** The element without the Signature. `prefixes`: InclusiveNamespaces PrefixList of the transform. */
  content(prefixes: readonly string[]): string;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';
const ELEMENT = 1;

/**
 * Finds the root, or the child of the root, with this ID. `text` has been read strictly before.
 * @throws Error if xmldom sees another document than that.
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
        ancestorNamespaces: target === root ? [] : inherited(root, target),
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
  if (element === undefined || others.length > 0) throw new Error('Not one element, but none or several.');
  return element;
}

/** Prefixes the root declares and the target does not. */
function inherited(root: Element, target: Element): { prefix: string; namespaceURI: string }[] {
  return Array.from(root.attributes)
    .filter(({ namespaceURI, prefix }) => namespaceURI === XMLNS && prefix === 'xmlns')
    .filter(({ name }) => !target.hasAttribute(name))
    .map(({ localName, value }) => ({ prefix: localName, namespaceURI: value }));
}
