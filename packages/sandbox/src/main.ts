#!/usr/bin/env node
// `sallyport-sandbox`. Exit codes: 0 stopped by a signal, 1 could not start, 2 wrong usage.
import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { defineSandboxCommand } from './command.js';

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

const program = new Command('sallyport-sandbox')
  .description('Runs AWS STS, an OIDC provider, a SAML IdP and AWS console sign-in on loopback, for tests.')
  .version(manifest.version)
  .showHelpAfterError('(sallyport-sandbox --help lists the options)')
  .exitOverride(({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : 2));
defineSandboxCommand(program, (text) => void process.stdout.write(`${text}\n`));

try {
  await program.parseAsync();
} catch (error) {
  const message = error instanceof Error ? error.message : 'unknown error';
  process.stderr.write(`sallyport-sandbox: ${message}\n`);
  process.exitCode = 1;
}
