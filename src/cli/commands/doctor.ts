// `sallyport doctor`: what a config needs of the world, looked at in the order in which a broker needs it. Nothing is
// issued; with --try-roles, sessions that are dropped at once.
import type { Command } from 'commander';
import { type DoctorFinding, failed, findingText, ok } from '../doctor/finding.js';
import { out, printConfigErrors } from '../output/print.js';

interface Options {
  readonly config: string;
  readonly tryRoles?: boolean;
  readonly json?: boolean;
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'check what a config needs: issuers, STS, own identity, roles, audit log, store, certificate',
    )
    .requiredOption('-c, --config <file>', 'the config file (YAML)')
    .option('--try-roles', 'assume each AssumeRole role for 15 minutes, and drop the credentials')
    .option('--json', 'print the findings as JSON')
    .action(async ({ config, tryRoles = false, json = false }: Options) => {
      const findings: DoctorFinding[] = [];
      for await (const finding of examine(config, tryRoles)) {
        findings.push(finding);
        if (!json) out(findingText(finding));
      }
      const sound = findings.every(({ outcome }) => outcome !== 'failed');
      if (json) out(JSON.stringify({ ok: sound, findings }, undefined, 2));
      process.exitCode = sound ? 0 : 1;
    });
}

async function* examine(file: string, tryRoles: boolean): AsyncGenerator<DoctorFinding> {
  const { readConfig } = await import('../read-config.js');
  const read = await readConfig(file, { issuers: true });
  if (!read.ok) {
    printConfigErrors(read.errors, 'Nothing else was looked at.');
    yield failed('config', `${file} has faults.`, 'Correct them; sallyport check lists them too.');
    return;
  }
  const { config, policy } = read;
  yield ok('config', `${file} is sound.`);
  const { checkIssuers } = await import('../doctor/issuers.js');
  const { checkSts } = await import('../doctor/sts.js');
  const { checkRoles } = await import('../doctor/roles.js');
  const { checkMachine } = await import('../doctor/machine.js');
  const now = () => new Date();
  yield* checkIssuers(config, now());
  yield* checkSts(config, now);
  yield* checkRoles(config, policy, { tryRoles });
  yield* checkMachine(config, now);
}
