// `sallyport sandbox`: the local STS, OIDC provider, SAML IdP and console sign-in alone, to test one's own things against.

import type { Addresses } from '@sallyport/sandbox';
import type { Command } from 'commander';
import { out } from '../output/print.js';
import { portOption, runUntilStopped } from '../run.js';

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

export function registerSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('run a local STS, OIDC provider, SAML IdP and console sign-in, without the broker')
    .option('--iam <file>', "accounts, users, roles and providers (YAML); default: the sandbox's own")
    .option('--users <file>', "people who can sign in (YAML); default: the sandbox's own")
    .option('--broker <url>', 'the broker whose own tokens STS accepts (default: http://127.0.0.1:8443)')
    .addOption(portOption('--sts-port', 'STS'))
    .addOption(portOption('--oidc-port', 'the OIDC provider'))
    .addOption(portOption('--saml-port', 'the SAML IdP'))
    .addOption(portOption('--console-port', 'console sign-in'))
    .option('--json', 'print one JSON line when everything is ready')
    .action(async (options: Options) => {
      const { addresses, startSandbox } = await import('@sallyport/sandbox');
      const start = () =>
        startSandbox({
          ...(options.iam !== undefined && { iamFile: options.iam }),
          ...(options.users !== undefined && { usersFile: options.users }),
          ...(options.broker !== undefined && { brokerUrl: options.broker }),
          ports: {
            sts: options.stsPort,
            oidc: options.oidcPort,
            saml: options.samlPort,
            consoleSignin: options.consolePort,
          },
        });
      await runUntilStopped(start, (sandbox) => {
        const where = addresses(sandbox);
        out(options.json ? JSON.stringify(where) : welcome(where));
      });
    });
}

function welcome({ sts, consoleSignin, oidc, saml, users }: Addresses): string {
  return `STS            ${sts}
OIDC issuer    ${oidc.issuer}
SAML metadata  ${saml.metadata}
SAML SSO       ${saml.sso}
Console        ${consoleSignin}
Users          ${users.map(({ name, password }) => `${name} / ${password}`).join(', ')}
Ctrl-C stops it.`;
}
