// `sallyport exec`: runs a command with credentials from a running broker in its environment.
import type { Command } from 'commander';
import { childEnvironment } from '../exec/child-environment.js';
import {
  type ExecCredentialsOptions,
  keysInEnvironment,
  loopbackEndpoint,
} from '../exec/exec-credentials.js';
import { runChild } from '../exec/run-child.js';
import {
  addSessionOptions,
  resolveBrokerUrl,
  type SessionOptions,
  sessionParametersOf,
} from '../options/session-options.js';
import {
  addProofOptions,
  type ProofOptions,
  readProofOption,
  requireUnattended,
} from '../proof/proof-options.js';
import type { Terminal } from '../terminal.js';

interface Options extends SessionOptions, ProofOptions {
  readonly region?: string;
  readonly serve?: true;
}

export function registerExec(program: Command, terminal: Terminal): void {
  const command = program
    .command('exec')
    .description('run a command with credentials in its environment')
    .argument('<command...>', 'command and its arguments, after --');
  addSessionOptions(command)
    .option('--region <region>', 'set AWS_REGION and AWS_DEFAULT_REGION (default: unchanged)')
    .option('--serve', 'refresh the credentials while the command runs, through an endpoint on loopback');
  addProofOptions(command, terminal)
    .addHelpText(
      'after',
      `
Example: sallyport exec --role deploy --token-file token.jwt -- aws s3 ls

Exit code: that of the command; 128 plus the signal number if a signal ended it; 127 if the
command does not exist; 126 if it cannot be run.`,
    )
    .action(async ([name = '', ...args]: string[], options: Options) => {
      if (options.serve) requireUnattended(command, terminal);
      terminal.setExitCode(await execute(name, args, options, terminal));
      // Do not wait for a pending refresh.
      terminal.exit();
    });
}

async function execute(
  name: string,
  args: readonly string[],
  options: Options,
  terminal: Terminal,
): Promise<number> {
  const { region, serve = false, tokenEnv } = options;
  const report = (message: string) => terminal.printError(`sallyport: ${message}`);
  const credentialsOptions: ExecCredentialsOptions = {
    broker: await resolveBrokerUrl(options.broker, terminal),
    parameters: sessionParametersOf(options),
    getProof: () => readProofOption(options, terminal),
    report,
  };
  const credentials = serve
    ? await loopbackEndpoint(credentialsOptions, terminal)
    : await keysInEnvironment(credentialsOptions);
  try {
    const { env, removed } = childEnvironment(
      terminal.env,
      {
        ...credentials.variables,
        ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
      },
      ['SALLYPORT_TOKEN', tokenEnv],
    );
    if (removed.length > 0)
      report(`Removed from the environment, because they take precedence: ${removed.join(', ')}.`);
    return await runChild(name, args, env, report);
  } finally {
    await credentials.close();
  }
}
