// `sallyport openapi`: the API's description, from the routes themselves. openapi.yaml in the repository is its output.
import type { Command } from 'commander';

export function registerOpenapi(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document of the HTTP API (YAML)')
    .action(async () => {
      const { describeApi } = await import('../openapi-document.js');
      process.stdout.write(await describeApi());
    });
}
