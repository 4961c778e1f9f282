// `sallyport schema`: the JSON Schema of the config, for editors. schema/sallyport.schema.json is its output.
import type { Command } from 'commander';

export function registerSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of the config file')
    .action(async () => {
      const { renderJsonSchema } = await import('../../config/docs/json-schema.js');
      process.stdout.write(renderJsonSchema());
    });
}
