// `sallyport sandbox`: runs the command `sallyport-sandbox` of the package @sallyport/sandbox.
import type { Command } from 'commander';
import { loadSandbox } from '../load-sandbox.js';
import type { Terminal } from '../terminal.js';

export function registerSandbox(program: Command, terminal: Terminal): void {
  const sandbox = program
    .command('sandbox')
    .description('run a local STS, OIDC provider, SAML IdP, and console sign-in, without the broker');
  program.hook('preSubcommand', async (_, command) => {
    if (command === sandbox) await defineSandbox(sandbox, terminal);
  });
}

/** Adds the options and the action, which the package defines. It is loaded only when this command is called. */
export async function defineSandbox(sandbox: Command, terminal: Terminal): Promise<void> {
  const { defineSandboxCommand } = await loadSandbox(() => import('@sallyport/sandbox/internal/command'));
  defineSandboxCommand(sandbox, (text) => terminal.print(text));
}
