// Parses XML into an element tree in one strict streaming pass that stops at the first violation. Only the five entities of
// XML itself are expanded, and nothing is repaired.
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import type { ReasonSuffix } from '../../../core/reasons.js';
import { rejectAssertion } from '../reject-assertion.js';
import { XHTML } from './namespaces.js';

/** An element of a strictly parsed document. Namespace declarations are not among its attributes. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** By name, or `{namespace}name` if the attribute has a prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Namespaces declared in its own tag, by prefix; '' is the default namespace. */
  readonly declarations: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text of the element itself, without whitespace between child elements. */
  readonly text: string;
}

export interface XmlDocument {
  readonly root: XmlElement;
  /** All namespaces declared in the document. */
  readonly namespaces: ReadonlySet<string>;
}

/** Limits for a document. Counts are for the whole document; `attributesPerElement` includes namespace declarations. */
export interface XmlLimits {
  readonly depth: number;
  readonly elements: number;
  readonly attributes: number;
  readonly attributesPerElement: number;
  readonly namespaces: ReadonlySet<string> | 'any';
  /** Comments and processing instructions: `refuse` the document, or `drop` them. */
  readonly comments: 'refuse' | 'drop';
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  readonly attributes: Map<string, string>;
  readonly declarations: Map<string, string>;
  text: string;
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';
/** Excludes names that begin with `xmlns`: xml-crypto leaves such attributes out of the signed form. */
const NAME = /^(?!xmlns[^:])[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/;
/** xml-crypto writes namespace names into the signed form without escaping. These characters cannot be mistaken for markup. */
const NAMESPACE_NAME = /^[A-Za-z0-9:/._~#?=%+,;@!$()*-]*$/;
/** Not line ends in XML 1.0, but xmldom treats them as such. */
const FOREIGN_LINE_END = /[\u0085\u2028]/;

/**
 * `inScope`: namespaces by prefix that the text inherits if it was taken from a larger document.
 * @throws SallyportError `proof_malformed`, reason `saml.xml.*`, at the first violation of the limits.
 */
export function parseXml(
  text: string,
  limits: XmlLimits,
  inScope: ReadonlyMap<string, string> = new Map(),
): XmlDocument {
  if (FOREIGN_LINE_END.test(text)) return malformed('character');
  const builder = new TreeBuilder(limits);
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    additionalNamespaces: Object.fromEntries(inScope),
  });
  const refuseMarkup = (kind: 'comment' | 'processing_instruction') => () => {
    if (limits.comments === 'refuse') malformed(kind);
  };
  parser.on('error', () => malformed('malformed'));
  parser.on('doctype', () => malformed('doctype'));
  parser.on('cdata', () => malformed('cdata'));
  parser.on('comment', refuseMarkup('comment'));
  parser.on('processinginstruction', refuseMarkup('processing_instruction'));
  parser.on('xmldecl', ({ version, encoding }) => {
    if (version !== '1.0' || (encoding ?? 'UTF-8').toUpperCase() !== 'UTF-8') malformed('declaration');
  });
  parser.on('opentagstart', () => builder.startTag());
  parser.on('attribute', () => builder.countAttribute());
  parser.on('opentag', (tag) => builder.open(tag));
  parser.on('text', (characters) => builder.addText(characters));
  parser.on('closetag', () => builder.close());
  parser.write(text).close();
  return builder.document();
}

class TreeBuilder {
  readonly #limits: XmlLimits;
  readonly #stack: OpenElement[] = [];
  readonly #namespaces = new Set<string>();
  #root: XmlElement | undefined;
  #elements = 0;
  #attributes = 0;
  #attributesOfElement = 0;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
  }

  startTag(): void {
    this.#attributesOfElement = 0;
    if (++this.#elements > this.#limits.elements) malformed('elements');
    if (this.#stack.length >= this.#limits.depth) malformed('depth');
  }

  countAttribute(): void {
    if (++this.#attributesOfElement > this.#limits.attributesPerElement) malformed('attributes');
    if (++this.#attributes > this.#limits.attributes) malformed('attributes');
  }

  open(tag: SaxesTagNS): void {
    if (!NAME.test(tag.name)) malformed('name');
    const element: OpenElement = {
      namespace: tag.uri,
      name: tag.local,
      attributes: new Map(),
      declarations: new Map(),
      children: [],
      text: '',
    };
    for (const attribute of Object.values(tag.attributes)) this.#addAttribute(element, attribute);
    this.#checkNamespace(tag.uri);
    this.#stack.at(-1)?.children.push(element);
    this.#root ??= element;
    this.#stack.push(element);
  }

  addText(characters: string): void {
    const element = this.#stack.at(-1);
    if (element) element.text += characters;
  }

  close(): void {
    const element = this.#stack.pop();
    if (!element || element.children.length === 0) return;
    if (/[^ \t\r\n]/.test(element.text)) malformed('mixed_content');
    element.text = '';
  }

  document(): XmlDocument {
    return { root: this.#root ?? malformed('malformed'), namespaces: this.#namespaces };
  }

  #addAttribute(
    { attributes, declarations }: OpenElement,
    { name, prefix, local, uri, value }: SaxesAttributeNS,
  ): void {
    if (!NAME.test(name)) malformed('name');
    if (uri === XMLNS) {
      this.#checkNamespace(value);
      this.#namespaces.add(value);
      declarations.set(prefix === '' ? '' : local, value);
      return;
    }
    if (prefix !== '') this.#checkNamespace(uri);
    attributes.set(prefix === '' ? local : `{${uri}}${local}`, value);
  }

  #checkNamespace(namespace: string): void {
    const { namespaces } = this.#limits;
    const isAllowed = namespace !== XHTML && (namespaces === 'any' || namespaces.has(namespace));
    if (!isAllowed || !NAMESPACE_NAME.test(namespace)) malformed('namespace');
  }
}

const malformed = (reason: ReasonSuffix<'saml.xml'>): never =>
  rejectAssertion(`xml.${reason}`, 'proof_malformed');
