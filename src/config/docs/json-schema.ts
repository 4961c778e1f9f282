// The config's JSON Schema as it is published, for editors: the validator's own, but about the file as it is written,
// where `${env:NAME}` and `${file:PATH}` may stand in any string.
import { REFERENCE_PATTERN } from '../interpolate.js';
import { ConfigSchema } from '../schema/config.js';

/** The text of schema/sallyport.schema.json. */
export function renderJsonSchema(): string {
  const { $defs, ...rest } = asWritten(plain(ConfigSchema)) as Record<string, unknown>;
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sallyport config',
    ...rest,
    $defs,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

const plain = (schema: object): unknown => JSON.parse(JSON.stringify(schema));

/** A string of a certain form may also hold a reference. Names (`patternProperties`) may not. */
function asWritten(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asWritten);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) =>
      keyword === 'pattern' && typeof value === 'string'
        ? [keyword, `(?:${value})|${REFERENCE_PATTERN}`]
        : [keyword, asWritten(value)],
    ),
  );
}
