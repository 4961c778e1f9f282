// Every file that `npm run docs` writes. Sections of the pages are generated; the prose around them is written by hand.
import type { Command } from 'commander';
import { renderConfigurationReference } from '../../config/docs/generate-reference.js';
import { renderJsonSchema } from '../../config/docs/json-schema.js';
import { REASON_PATTERNS } from '../../core/reasons/sts.js';
import { REASONS } from '../../core/reasons.js';
import { defineSandbox } from '../commands/sandbox.js';
import { createProgram } from '../program.js';
import { Terminal } from '../terminal.js';
import { renderCommandReference } from './command-reference.js';
import { renderErrorReference } from './error-reference.js';

/** Path from the root of the repository -> function from the current text of the file to the new text. */
export const GENERATED_FILES: Readonly<Record<string, (present: string) => string | Promise<string>>> = {
  'schema/sallyport.schema.json': renderJsonSchema,
  'docs/configuration.md': renderConfigurationReference,
  'docs/cli.md': async (page) => renderCommandReference(page, await createDocumentedProgram()),
  'docs/errors.md': (page) => renderErrorReference(page, { ...REASONS, ...REASON_PATTERNS }),
};

/** The program with the options of `sandbox`, which are otherwise loaded when the command is called. */
async function createDocumentedProgram(): Promise<Command> {
  const terminal = new Terminal(process);
  const program = createProgram(terminal);
  const sandbox = program.commands.find((command) => command.name() === 'sandbox');
  if (sandbox) await defineSandbox(sandbox, terminal);
  return program;
}
