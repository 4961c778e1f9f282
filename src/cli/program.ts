// The command line: the literal list of commands. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
import { Command, type CommanderError } from 'commander';
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

export function createProgram(): Command {
  const program = new Command('sallyport')
    .description(
      'HTTP identity broker for AWS: a SAML assertion or an OIDC JWT in, scoped temporary credentials out.',
    )
    .version(VERSION)
    .showHelpAfterError('(sallyport --help lists the commands)')
    .exitOverride((error: CommanderError) => process.exit(error.exitCode === 0 ? 0 : 2));
  // Subcommands take over the settings above, so they come first.
  registerServe(program);
  registerCheck(program);
  registerExplain(program);
  registerDiff(program);
  registerIssuer(program);
  registerDoctor(program);
  registerDev(program);
  registerDemo(program);
  registerSandbox(program);
  registerExec(program);
  registerConsole(program);
  registerSidecar(program);
  registerCredentialProcess(program);
  registerConfigure(program);
  registerToken(program);
  registerAssertion(program);
  registerOpenapi(program);
  registerSchema(program);
  return program;
}
