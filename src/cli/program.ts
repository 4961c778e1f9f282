// The command line: the literal list of commands. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
import { Command, type CommanderError } from 'commander';
import { VERSION } from '../core/version.js';
import { registerAssertion } from './assertion.js';
import { registerCheck } from './check.js';
import { registerConfigure } from './configure.js';
import { registerConsole } from './console.js';
import { registerCredentialProcess } from './credential-process.js';
import { registerDemo } from './demo.js';
import { registerDev } from './dev.js';
import { registerDiff } from './diff.js';
import { registerDoctor } from './doctor.js';
import { registerExec } from './exec.js';
import { registerExplain } from './explain.js';
import { registerIssuer } from './issuer.js';
import { registerOpenapi } from './openapi.js';
import { registerSandbox } from './sandbox.js';
import { registerSchema } from './schema.js';
import { registerServe } from './serve.js';
import { registerSidecar } from './sidecar.js';
import { registerToken } from './token.js';

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
