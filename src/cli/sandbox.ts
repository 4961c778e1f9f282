// `sallyport sandbox`: the local STS, OIDC provider and SAML IdP alone, to test one's own things against.
import type { Command } from 'commander';
import { out } from './print.js';
import { portOption, untilStopped } from './run.js';

interface Options {
  readonly iam?: string;
  readonly users?: string;
  readonly stsPort: number;
  readonly oidcPort: number;
  readonly samlPort: number;
  readonly json?: boolean;
}

export function registerSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('run a local STS, OIDC provider and SAML IdP, without the broker')
    .option('--iam <file>', "accounts, users, roles and providers (YAML); default: the sandbox's own")
    .option('--users <file>', "people who can sign in (YAML); default: the sandbox's own")
    .addOption(portOption('--sts-port', 'STS'))
    .addOption(portOption('--oidc-port', 'the OIDC provider'))
    .addOption(portOption('--saml-port', 'the SAML IdP'))
    .option('--json', 'print one JSON line when everything is ready')
    .action(async (options: Options) => {
      const { startSandbox } = await import('../sandbox/start.js');
      const sandbox = await startSandbox({
        ...(options.iam !== undefined && { iamFile: options.iam }),
        ...(options.users !== undefined && { usersFile: options.users }),
        ports: { sts: options.stsPort, oidc: options.oidcPort, saml: options.samlPort },
      });
      const { sts, oidc, saml, users } = sandbox;
      if (options.json) {
        const where = {
          sts: sts.url,
          oidc: { issuer: oidc.issuer },
          saml: { metadata: saml.metadataUrl, sso: saml.ssoUrl },
        };
        out(
          JSON.stringify({
            ...where,
            users: users.map(({ name, password, groups }) => ({ name, password, groups })),
          }),
        );
      } else {
        out(`STS            ${sts.url}`);
        out(`OIDC issuer    ${oidc.issuer}`);
        out(`SAML metadata  ${saml.metadataUrl}`);
        out(`SAML SSO       ${saml.ssoUrl}`);
        out(`Users          ${users.map(({ name, password }) => `${name} / ${password}`).join(', ')}`);
        out('Ctrl-C stops it.');
      }
      await untilStopped(() => sandbox.close());
    });
}
