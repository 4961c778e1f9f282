// Every file that `npm run docs` writes. Sections of the pages are generated; the prose around them is written by hand.
import { renderConfigurationReference } from '../../config/docs/generate-reference.js';
import { renderJsonSchema } from '../../config/docs/json-schema.js';
import { createProgram } from '../program.js';
import { renderCommandReference } from './command-reference.js';

/** Path from the root of the repository -> what the file holds now, given its present text. */
export const GENERATED_FILES: Readonly<Record<string, (present: string) => string>> = {
  'schema/sallyport.schema.json': renderJsonSchema,
  'docs/configuration.md': renderConfigurationReference,
  'docs/cli.md': (page) => renderCommandReference(page, createProgram()),
};
