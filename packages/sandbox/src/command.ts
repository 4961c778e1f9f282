// The command that runs the sandbox: its options and its output. `sallyport-sandbox` and `sallyport sandbox` share it.
import { runUntilStopped } from '@sallyport/client/internal/run-until-stopped';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SandboxAddresses, type SandboxOptions, sandboxAddresses, startSandbox } from './sandbox.js';

interface Options {
  readonly iam?: string;
  readonly users?: string;
  readonly broker?: string;
  readonly stsPort: number;
  readonly oidcPort: number;
  readonly samlPort: number;
  readonly consolePort: number;
  readonly json?: boolean;
}

/** Adds the options and the action to `command`. `print` writes one text, with a line feed, to stdout. */
export function defineSandboxCommand(command: Command, print: (text: string) => void): Command {
  return command
    .option('--iam <file>', 'accounts, users, roles and providers (YAML; default: built in)')
    .option('--users <file>', 'users who can sign in (YAML; default: built in)')
    .option('--broker <url>', 'broker whose tokens STS accepts (default: http://127.0.0.1:8443)')
    .addOption(portOption('--sts-port', 'STS'))
    .addOption(portOption('--oidc-port', 'the OIDC provider'))
    .addOption(portOption('--saml-port', 'the SAML IdP'))
    .addOption(portOption('--console-port', 'console sign-in'))
    .option('--json', 'print one JSON line when everything is ready')
    .action(async (options: Options) => {
      await runUntilStopped(
        () => startSandbox(sandboxOptions(options)),
        (sandbox) => {
          const addresses = sandboxAddresses(sandbox);
          print(options.json ? JSON.stringify(addresses) : welcome(addresses));
        },
      );
    });
}

const sandboxOptions = (options: Options): SandboxOptions => ({
  iamFile: options.iam,
  usersFile: options.users,
  brokerUrl: options.broker,
  ports: {
    sts: options.stsPort,
    oidc: options.oidcPort,
    saml: options.samlPort,
    consoleSignin: options.consolePort,
  },
});

function portOption(flag: string, server: string): Option {
  return new Option(`${flag} <port>`, `port of ${server}; 0 selects a free port`)
    .default(0)
    .argParser((text) => {
      if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
        throw new InvalidArgumentError('Enter a port from 0 to 65535.');
      return Number(text);
    });
}

function welcome({ sts, consoleSignin, oidc, saml, users }: SandboxAddresses): string {
  return `STS            ${sts}
OIDC issuer    ${oidc.issuer}
SAML metadata  ${saml.metadata}
SAML SSO       ${saml.sso}
Console        ${consoleSignin}
Users          ${users.map(({ name, password }) => `${name} / ${password}`).join(', ')}
Press Ctrl-C to stop.`;
}
