// The key tables of docs/configuration.md, generated from the config schema. The prose around them is written by hand.
// A table stands between `<!-- keys: NAME -->` and `<!-- end -->`. NAME is a section (`server`), a variant of a section
// (`issuers.oidc`), a key of a section (`grants.between`) or a definition (`matcher`).
import { ConfigSchema } from '../schema/config.js';
import { DURATION_FORMAT } from '../schema/primitives.js';

/** The JSON Schema keywords that the config schema uses to describe keys. */
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
  readonly description: string;
}

const ROOT: Schema & { readonly $defs: Readonly<Record<string, Schema>> } = JSON.parse(
  JSON.stringify(ConfigSchema),
);
const TABLE = /(<!-- keys: ([\w.]+) -->\n)[\s\S]*?(<!-- end -->)/g;
const PLAIN_HEADER = ['Key', 'Required', 'Description'];
const VARIANT_HEADER = ['Key', 'Applies to', 'Description'];

/** Returns the page with current tables. Throws for a table name that the schema does not have. */
export function renderConfigurationReference(page: string): string {
  return page.replace(
    TABLE,
    (_, start: string, name: string, end: string) => `${start}\n${renderTable(name)}\n${end}`,
  );
}

function renderTable(name: string): string {
  const [section = '', part] = name.split('.');
  const schema = entrySchema(ROOT.properties?.[section] ?? ROOT.$defs[section]);
  if (!schema) throw new Error(`The config has no ${name}.`);
  const tag = schema.discriminator?.propertyName;
  if (tag === undefined || !schema.oneOf) {
    const inner = part === undefined ? schema : schema.properties?.[part];
    if (!inner) throw new Error(`The config has no ${name}.`);
    return markdownTable(PLAIN_HEADER, plainCells(rowsOf(inner)));
  }
  const tagOf = (variant: Schema) => variant.properties?.[tag]?.const ?? '';
  if (part === undefined) return markdownTable(VARIANT_HEADER, variantCells(schema.oneOf, tag, tagOf));
  const variant = schema.oneOf.find((each) => tagOf(each) === part);
  if (!variant) throw new Error(`The config has no ${name}.`);
  return markdownTable(PLAIN_HEADER, plainCells(rowsOf(variant).filter(({ key }) => key !== tag)));
}

/** The schema of a map's values or a list's items; for other sections, the schema itself. */
function entrySchema(schema: Schema | undefined): Schema | undefined {
  const [value] = Object.values(schema?.patternProperties ?? {});
  return value ?? schema?.items ?? schema;
}

/** One row per key. Nested keys are joined with dots; NAME is a placeholder for a name that the operator chooses. */
function rowsOf(schema: Schema, prefix = ''): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const key = `${prefix}${name}`;
    const required = schema.required?.includes(name) ?? false;
    const row = { key, required, description: describe(property) };
    const [mapValue] = Object.values(property.patternProperties ?? {});
    const inner = mapValue ?? property.items ?? property;
    const nestedPrefix = `${key}${mapValue ? '.NAME' : property.items ? '[]' : ''}.`;
    const variants = inner.oneOf ?? [inner];
    return [row, ...mergeVariants(variants.map((variant) => rowsOf(variant, nestedPrefix)))];
  });
}

/** Merges the rows of several variants to one row per key. A key is required if every variant requires it. */
function mergeVariants(variants: readonly (readonly Row[])[]): readonly Row[] {
  const rows = variants.flat();
  return [...new Set(rows.map(({ key }) => key))].map((key) => {
    const same = rows.filter((row) => row.key === key);
    const required = same.length === variants.length && same.every((row) => row.required);
    return { key, required, description: [...new Set(same.map(({ description }) => description))].join(' ') };
  });
}

/** The description, preceded by the permitted values unless it names them all. */
function describe({ description = '', enum: values, const: value, items }: Schema): string {
  const allowed = [values ?? value ?? items?.enum ?? []].flat();
  const namesAll = allowed.every((each) => description.includes(each));
  const choice = namesAll ? '' : `${allowed.map((each) => `\`${each}\``).join(', ')}. `;
  return `${choice}${description.replace(` ${DURATION_FORMAT}`, '')}`.trim();
}

const plainCells = (rows: readonly Row[]) =>
  rows.map(({ key, required, description }) => [`\`${key}\``, required ? 'yes' : '', description]);

/** The keys of all variants in one table, each with the variants that have it. */
function variantCells(variants: readonly Schema[], tag: string, tagOf: (variant: Schema) => string) {
  const groups = new Map<string, (Row & { readonly variant: string })[]>();
  for (const variant of variants) {
    for (const row of rowsOf(variant)) {
      const groupKey = row.key === tag ? tag : `${row.key}\0${row.description}`;
      groups.set(groupKey, [...(groups.get(groupKey) ?? []), { ...row, variant: tagOf(variant) }]);
    }
  }
  // Keys that differ only in their description stand next to each other.
  const keyOrder = [...groups.values()].flat().map(({ key }) => key);
  const sorted = [...groups.values()].sort(
    ([a], [b]) => keyOrder.indexOf(a?.key ?? '') - keyOrder.indexOf(b?.key ?? ''),
  );
  return sorted.flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const names = group.map(({ variant }) => `\`${variant}\``);
    const appliesTo = names.length === variants.length ? 'all' : names.join(', ');
    const description = first.key === tag ? `${names.join(', ')}.` : first.description;
    return [[`\`${first.key}\``, first.required ? `${appliesTo}, required` : appliesTo, description]];
  });
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n');
}
