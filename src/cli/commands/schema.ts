// `sallyport schema`: prints the JSON Schema of the config, for editors. schema/sallyport.schema.json is its output.
import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';

export function registerSchema(program: Command, terminal: Terminal): void {
  program
    .command('schema')
    .description('print the JSON Schema of the config file')
    .action(async () => {
      const { renderJsonSchema } = await import('../../config/docs/json-schema.js');
      terminal.stdout.write(renderJsonSchema());
    });
}
