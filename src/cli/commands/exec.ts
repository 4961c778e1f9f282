// `sallyport exec`: a command run with credentials from a running broker, in its environment alone.
import type { Command } from 'commander';
import { brokerUrl } from '../broker-url.js';
import { childEnvironment } from '../exec/child-environment.js';
import { credentialsEnvironment, serveCredentials } from '../exec/exec-credentials.js';
import { runChild } from '../exec/run-child.js';
import { err } from '../output/print.js';
import {
  addProofOptions,
  obtainProof,
  type ProofOptions,
  requireUnattended,
} from '../proof/proof-options.js';
import { addSessionOptions, type SessionOptions, sessionParametersOf } from '../session-options.js';

interface Options extends SessionOptions, ProofOptions {
  readonly region?: string;
  readonly serve?: true;
}

export function registerExec(program: Command): void {
  const command = program
    .command('exec')
    .description('run a command with credentials from a running broker, in its environment')
    .argument('<command...>', 'the command and its arguments, after --');
  addSessionOptions(command)
    .option('--region <region>', 'AWS_REGION and AWS_DEFAULT_REGION of the command (default: as they are)')
    .option('--serve', 'keep the credentials fresh while the command runs, by an endpoint on loopback');
  addProofOptions(command)
    .addHelpText(
      'after',
      "\nThe exit code is the command's; 128 and the signal's number if a signal ended it; 127 or 126 if it cannot be run.",
    )
    .action(async ([name = '', ...args]: string[], options: Options) => {
      const { region, serve = false } = options;
      if (serve) requireUnattended(command);
      const note = (sentence: string) => err(`sallyport: ${sentence}`);
      const given = await (serve ? serveCredentials : credentialsEnvironment)({
        broker: await brokerUrl(options.broker),
        parameters: sessionParametersOf(options),
        bring: () => obtainProof(options),
        note,
      });
      try {
        const { env, removed } = childEnvironment(
          process.env,
          {
            ...given.variables,
            ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
          },
          ['SALLYPORT_TOKEN', options.tokenEnv],
        );
        if (removed.length > 0)
          note(`Not passed on, so that these credentials are used: ${removed.join(', ')}.`);
        process.exitCode = await runChild(name, args, env);
      } finally {
        await given.close();
      }
      // The command has ended: a renewal under way is not waited for.
      process.exit();
    });
}
