// The published JSON Schema of the config, for editors. It is the validator's schema, except that it describes the file
// as the operator writes it: `${env:NAME}` and `${file:PATH}` may stand in any string.
import { REFERENCE_PATTERN } from '../interpolate.js';
import { ConfigSchema } from '../schema/config.js';

/** The text of schema/sallyport.schema.json. */
export function renderJsonSchema(): string {
  const { $defs, ...rest } = allowReferences(toPlainJson(ConfigSchema)) as Record<string, unknown>;
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sallyport config',
    ...rest,
    $defs,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

const toPlainJson = (schema: object): unknown => JSON.parse(JSON.stringify(schema));

/** Every `pattern` also accepts a reference. Key names (`patternProperties`) do not. */
function allowReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowReferences);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) =>
      keyword === 'pattern' && typeof value === 'string'
        ? [keyword, `(?:${value})|${REFERENCE_PATTERN}`]
        : [keyword, allowReferences(value)],
    ),
  );
}
