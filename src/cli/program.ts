// The command line. `createProgram` lists the commands, one file each in `commands/`. A command reads its options,
// calls the library of the server or of the client, and prints the result through a `Terminal`.
import { Command, CommanderError } from 'commander';
import { VERSION } from '../core/version.js';
import { registerAssertion } from './commands/assertion.js';
import { registerCheck } from './commands/check.js';
import { registerConfigure } from './commands/configure.js';
import { registerConsole } from './commands/console.js';
import { registerCredentialProcess } from './commands/credential-process.js';
import { registerDemo } from './commands/demo.js';
import { registerDev } from './commands/dev.js';
import { registerDiff } from './commands/diff.js';
import { registerDoctor } from './commands/doctor.js';
import { registerExec } from './commands/exec.js';
import { registerExplain } from './commands/explain.js';
import { registerIssuer } from './commands/issuer.js';
import { registerOpenapi } from './commands/openapi.js';
import { registerSandbox } from './commands/sandbox.js';
import { registerSchema } from './commands/schema.js';
import { registerServe } from './commands/serve.js';
import { registerSidecar } from './commands/sidecar.js';
import { registerToken } from './commands/token.js';
import { errorMessage } from './output/errors.js';
import { Terminal } from './terminal.js';

const COMMANDS: readonly ((program: Command, terminal: Terminal) => void)[] = [
  registerServe,
  registerCheck,
  registerExplain,
  registerDiff,
  registerIssuer,
  registerDoctor,
  registerDev,
  registerDemo,
  registerSandbox,
  registerExec,
  registerConsole,
  registerSidecar,
  registerCredentialProcess,
  registerConfigure,
  registerToken,
  registerAssertion,
  registerOpenapi,
  registerSchema,
];

/** Runs one command and sets the exit code: 0 success, 1 denied or failed, 2 wrong usage. Never rejects. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<void> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed the help or the error.
      terminal.setExitCode(error.exitCode === 0 ? 0 : 2);
      return;
    }
    terminal.printError(`sallyport: ${errorMessage(error)}`);
    terminal.setExitCode(1);
  }
}

/** Describes the command line. Has no side effects until a command is parsed. */
export function createProgram(terminal = new Terminal(process)): Command {
  const program = new Command('sallyport')
    .description(
      'HTTP identity broker for AWS: exchanges a SAML assertion or an OIDC JWT for scoped temporary credentials.',
    )
    .version(VERSION)
    .showHelpAfterError('(run sallyport --help for a list of commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => helpWidth(terminal.stdout),
      getErrHelpWidth: () => helpWidth(terminal.stderr),
    });
  // Subcommands copy the settings above when they are added.
  for (const register of COMMANDS) register(program, terminal);
  return program;
}

const DEFAULT_WIDTH = 80;

const helpWidth = ({ isTTY, columns }: Terminal['stdout']): number =>
  isTTY && columns ? columns : DEFAULT_WIDTH;
