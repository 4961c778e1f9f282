// `sallyport doctor`: checks the services that a config depends on, in the order in which a broker needs them. It issues
// no credentials. With --try-roles, it assumes roles and discards the credentials.
import type { Command } from 'commander';
import { type DoctorFinding, failed, findingText, ok } from '../doctor/finding.js';
import { CONFIG_DESCRIPTION, CONFIG_FLAGS } from '../options/shared-options.js';
import { configErrorText } from '../output/errors.js';
import type { Terminal } from '../terminal.js';

interface Options {
  readonly config: string;
  readonly tryRoles?: boolean;
  readonly json?: boolean;
}

export function registerDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description(
      'check what a config depends on: issuers, STS, AWS identity, roles, audit log, store, certificate',
    )
    .requiredOption(CONFIG_FLAGS, CONFIG_DESCRIPTION)
    .option('--try-roles', 'assume each AssumeRole role for 15 minutes, and discard the credentials')
    .option('--json', 'print the findings as JSON')
    .action(async ({ config, tryRoles = false, json = false }: Options) => {
      const findings: DoctorFinding[] = [];
      for await (const finding of runChecks(config, tryRoles, terminal)) {
        findings.push(finding);
        if (!json) terminal.print(findingText(finding, terminal.style));
      }
      const isOk = findings.every(({ outcome }) => outcome !== 'failed');
      if (json) terminal.print(JSON.stringify({ ok: isOk, findings }, undefined, 2));
      terminal.setExitCode(isOk ? 0 : 1);
    });
}

async function* runChecks(
  file: string,
  tryRoles: boolean,
  terminal: Terminal,
): AsyncGenerator<DoctorFinding> {
  const { compileConfig } = await import('../compile-config.js');
  const compiled = await compileConfig(file, terminal.env, { issuers: true });
  if (!compiled.ok) {
    terminal.printError(configErrorText(compiled.errors, 'Nothing else was checked.'));
    yield failed('config', `${file} has errors.`, 'Correct them. `sallyport check` lists them too.');
    return;
  }
  const { config, policy } = compiled;
  yield ok('config', `${file} is valid.`);
  const { checkIssuers } = await import('../doctor/issuers.js');
  const { checkSts } = await import('../doctor/sts.js');
  const { checkRoles } = await import('../doctor/roles.js');
  const { checkMachine } = await import('../doctor/machine.js');
  const now = () => new Date();
  yield* checkIssuers(config, now());
  yield* checkSts(config, terminal.env, now);
  yield* checkRoles(config, policy, { tryRoles });
  yield* checkMachine(config, now);
}
