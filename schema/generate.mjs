// What is generated from the config's schema: the schema for editors, and the tables of the config reference.
import { readFileSync, writeFileSync } from 'node:fs';
import { publishedSchema } from '../dist/config/published-schema.js';
import { withTables } from '../dist/config/reference.js';

const at = (path) => new URL(`../${path}`, import.meta.url);

writeFileSync(at('schema/sallyport.schema.json'), publishedSchema());
const page = at('docs/configuration.md');
writeFileSync(page, withTables(readFileSync(page, 'utf8')));
