// docs/configuration.md from the schema: the tables of keys are generated, the prose around them is written by hand.
// A table stands between `<!-- keys: NAME -->` and `<!-- end -->`, where NAME is a section, or in it a variant or key.

import { ConfigSchema } from '../schema/config.js';
import { DURATION_FORMAT } from '../schema/primitives.js';

/** What of JSON Schema the config's schema uses to describe keys. */
interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string };
}

interface Row {
  readonly key: string;
  readonly required: boolean;
  readonly what: string;
}

const ROOT: Schema & { readonly $defs: Readonly<Record<string, Schema>> } = JSON.parse(
  JSON.stringify(ConfigSchema),
);
const TABLE = /(<!-- keys: ([\w.]+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** The page with its tables as the schema has them now. Throws for a table that the schema knows nothing of. */
export function renderConfigurationReference(page: string): string {
  return page.replace(
    TABLE,
    (_, start: string, name: string, end: string) => `${start}\n${tableOf(name)}\n${end}`,
  );
}

function tableOf(name: string): string {
  const [section = '', variant] = name.split('.');
  const schema = entryOf(ROOT.properties?.[section] ?? ROOT.$defs[section]);
  if (!schema) throw new Error(`The config has no ${name}.`);
  const tag = schema.discriminator?.propertyName;
  if (tag === undefined || !schema.oneOf) {
    const inner = variant === undefined ? schema : schema.properties?.[variant];
    if (!inner) throw new Error(`The config has no ${name}.`);
    return table(['key', '', 'what'], plainRows(rowsOf(inner)));
  }
  const tagOf = (each: Schema) => each.properties?.[tag]?.const ?? '';
  if (variant === undefined) return table(['key', 'for', 'what'], variantRows(schema.oneOf, tag, tagOf));
  const chosen = schema.oneOf.find((each) => tagOf(each) === variant);
  if (!chosen) throw new Error(`The config has no ${name}.`);
  return table(['key', '', 'what'], plainRows(rowsOf(chosen).filter(({ key }) => key !== tag)));
}

/** What a section consists of: the section itself, or each entry of a map or list. */
function entryOf(schema: Schema | undefined): Schema | undefined {
  const [named] = Object.values(schema?.patternProperties ?? {});
  return named ?? schema?.items ?? schema;
}

/** A row for each key; the keys of objects inside are written with dots, and NAME for a name of one's choice. */
function rowsOf(schema: Schema, prefix = ''): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, each]) => {
    const key = `${prefix}${name}`;
    const row = { key, required: schema.required?.includes(name) ?? false, what: whatOf(each) };
    const [named] = Object.values(each.patternProperties ?? {});
    const inner = named ?? each.items ?? each;
    const path = `${key}${named ? '.NAME' : each.items ? '[]' : ''}.`;
    return [row, ...mergedRows((inner.oneOf ?? [inner]).map((variant) => rowsOf(variant, path)))];
  });
}

/** One row a key. What not every variant demands is not required. */
function mergedRows(variants: readonly (readonly Row[])[]): readonly Row[] {
  const rows = variants.flat();
  return [...new Set(rows.map(({ key }) => key))].map((key) => {
    const same = rows.filter((row) => row.key === key);
    const required = same.length === variants.length && same.every((row) => row.required);
    return { key, required, what: [...new Set(same.map(({ what }) => what))].join(' ') };
  });
}

/** The description, and the fixed values where it does not name them. */
function whatOf({ description = '', enum: values, const: value, items }: Schema): string {
  const allowed = [values ?? value ?? items?.enum ?? []].flat();
  const unnamed = allowed.some((each) => !description.includes(each));
  const choice = unnamed ? `${allowed.map((each) => `\`${each}\``).join(', ')}. ` : '';
  return `${choice}${description.replace(` ${DURATION_FORMAT}`, '')}`.trim();
}

const plainRows = (rows: readonly Row[]) =>
  rows.map(({ key, required, what }) => [`\`${key}\``, required ? 'required' : '', what]);

/** The keys of all variants together, each with the variants that have it. */
function variantRows(variants: readonly Schema[], tag: string, tagOf: (variant: Schema) => string) {
  const merged = new Map<string, (Row & { readonly name: string })[]>();
  for (const variant of variants) {
    for (const row of rowsOf(variant)) {
      const like = row.key === tag ? tag : `${row.key}\0${row.what}`;
      merged.set(like, [...(merged.get(like) ?? []), { ...row, name: tagOf(variant) }]);
    }
  }
  const order = [...merged.values()].flat().map(({ key }) => key);
  const inOrder = [...merged.values()].sort(
    ([a], [b]) => order.indexOf(a?.key ?? '') - order.indexOf(b?.key ?? ''),
  );
  return inOrder.flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const names = same.map(({ name }) => `\`${name}\``);
    const all = names.length === variants.length;
    const who = all ? 'all' : names.join(', ');
    const what = first.key === tag ? `${names.join(', ')}.` : first.what;
    return [[`\`${first.key}\``, first.required ? `${who}, required` : who, what]];
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}
