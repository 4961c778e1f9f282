// Builds XML and HTML. Every value that is not Markup is escaped.

/** Text that is markup and is not escaped again. Only this file creates it. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type Content = string | number | Markup | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // Unescaped, a parser normalizes these to spaces or line feeds: XML 1.0 sections 2.11 and 3.3.3.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function render(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'object') return content.map(render).join('');
  return String(content).replace(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? character);
}

/** Template tag: values are escaped unless they are Markup. `undefined` is rendered as nothing. */
export function markup(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(String.raw({ raw: literals }, ...values.map(render)));
}

/** An XML element. Names are not escaped. Attributes whose value is undefined are omitted. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  ...children: readonly Content[]
): Markup {
  const pairs = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${render(value)}"`);
  return new Markup(`<${name}${pairs.join('')}>${render(children)}</${name}>`);
}
