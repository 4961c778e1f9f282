// `npm run docs`: writes the files that are generated from the config's schema, the commands, and the error table.
import { readFileSync, writeFileSync } from 'node:fs';
import { GENERATED_FILES } from '../dist/cli/docs/generated-files.js';

for (const [path, render] of Object.entries(GENERATED_FILES)) {
  const file = new URL(`../${path}`, import.meta.url);
  writeFileSync(file, await render(readFileSync(file, 'utf8')));
}
