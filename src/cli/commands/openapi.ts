// `sallyport openapi`: prints the OpenAPI document, generated from the routes. openapi.yaml in the repository is its
// output.
import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';

export function registerOpenapi(program: Command, terminal: Terminal): void {
  program
    .command('openapi')
    .description('print the OpenAPI document of the HTTP API (YAML)')
    .action(async () => {
      const { openApiDocument } = await import('../openapi-document.js');
      terminal.stdout.write(await openApiDocument());
    });
}
