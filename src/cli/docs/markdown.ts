// What the generated pages share: sections between comment markers, and tables.

const SECTION = /(<!-- ([a-z]+): ([^>]+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The page with each section between `<!-- KIND: ARGUMENT -->` and `<!-- end -->` rendered again. */
export function renderSections(
  page: string,
  render: (section: { readonly kind: string; readonly argument: string }) => string,
): string {
  return page.replace(
    SECTION,
    (_, start: string, kind: string, argument: string, end: string) =>
      `${start}\n${render({ kind, argument })}\n\n${end}`,
  );
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A description as commander prints it becomes a sentence: `run the broker` -> `Run the broker.` */
export function sentence(text: string): string {
  const capitalized = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?]$/.test(capitalized) ? capitalized : `${capitalized}.`;
}
