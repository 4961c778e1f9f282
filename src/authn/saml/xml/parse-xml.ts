// Text -> element tree, in one strict streaming pass that stops at the first thing not allowed. Nothing here
// expands entities beyond XML's own five, and nothing is repaired.
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import type { ReasonSuffix } from '../../../core/reasons.js';
import { rejectAssertion } from '../reject-assertion.js';
import { XHTML } from './namespaces.js';

/** An element of a document that was read strictly. Namespace declarations are not among its attributes. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** By name; `{namespace}name` if the attribute has a prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Namespaces that its own tag declares, by prefix; '' is the default namespace. */
  readonly declarations: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The element's own text; blank text between child elements is left out. */
  readonly text: string;
}

export interface XmlDocument {
  readonly root: XmlElement;
  /** Every namespace that is declared anywhere. */
  readonly namespaces: ReadonlySet<string>;
}

/** What a document may hold. Counts are for the whole document, `attributesPerElement` counts declarations too. */
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
/** xml-crypto leaves every attribute whose name begins with `xmlns` out of what is signed. */
const NAME = /^(?!xmlns[^:])[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/;
/** xml-crypto writes namespace names into the signed form as they are; in it, these cannot be mistaken for markup. */
const NAMESPACE_NAME = /^[A-Za-z0-9:/._~#?=%+,;@!$()*-]*$/;
/** XML 1.0 does not count these as line ends; xmldom does. */
const FOREIGN_LINE_END = /[\u0085\u2028]/;

/**
 * `inScope`: namespaces by prefix, where the text was taken out of a larger document.
 * @throws SallyportError `proof_malformed`, reason `saml.xml.*`, at the first breach of the rules.
 */
export function parseXml(
  text: string,
  rules: XmlLimits,
  inScope: ReadonlyMap<string, string> = new Map(),
): XmlDocument {
  if (FOREIGN_LINE_END.test(text)) return malformed('character');
  const builder = new TreeBuilder(rules);
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    additionalNamespaces: Object.fromEntries(inScope),
  });
  const outsideMarkup = (kind: 'comment' | 'processing_instruction') => () => {
    if (rules.comments === 'refuse') malformed(kind);
  };
  parser.on('error', () => malformed('malformed'));
  parser.on('doctype', () => malformed('doctype'));
  parser.on('cdata', () => malformed('cdata'));
  parser.on('comment', outsideMarkup('comment'));
  parser.on('processinginstruction', outsideMarkup('processing_instruction'));
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
  readonly #rules: XmlLimits;
  readonly #stack: OpenElement[] = [];
  readonly #namespaces = new Set<string>();
  #root: XmlElement | undefined;
  #elements = 0;
  #attributes = 0;
  #attributesHere = 0;

  constructor(rules: XmlLimits) {
    this.#rules = rules;
  }

  startTag(): void {
    this.#attributesHere = 0;
    if (++this.#elements > this.#rules.elements) malformed('elements');
    if (this.#stack.length >= this.#rules.depth) malformed('depth');
  }

  countAttribute(): void {
    if (++this.#attributesHere > this.#rules.attributesPerElement) malformed('attributes');
    if (++this.#attributes > this.#rules.attributes) malformed('attributes');
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
    this.#allow(tag.uri);
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
      this.#allow(value);
      this.#namespaces.add(value);
      declarations.set(prefix === '' ? '' : local, value);
      return;
    }
    if (prefix !== '') this.#allow(uri);
    attributes.set(prefix === '' ? local : `{${uri}}${local}`, value);
  }

  #allow(namespace: string): void {
    const { namespaces } = this.#rules;
    const listed = namespace !== XHTML && (namespaces === 'any' || namespaces.has(namespace));
    if (!listed || !NAMESPACE_NAME.test(namespace)) malformed('namespace');
  }
}

const malformed = (reason: ReasonSuffix<'saml.xml'>): never =>
  rejectAssertion(`xml.${reason}`, 'proof_malformed');
