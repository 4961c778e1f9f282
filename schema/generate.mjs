// What is generated from the config's schema: the schema for editors, and the tables of the config reference.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderConfigurationReference } from '../dist/config/docs/generate-reference.js';
import { jsonSchema } from '../dist/config/docs/json-schema.js';

const at = (path) => new URL(`../${path}`, import.meta.url);

writeFileSync(at('schema/sallyport.schema.json'), jsonSchema());
const page = at('docs/configuration.md');
writeFileSync(page, renderConfigurationReference(readFileSync(page, 'utf8')));
