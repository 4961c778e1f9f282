// `sallyport dev`: runs a sandbox and a broker on loopback, for trying things out.
import { runUntilStopped } from '@sallyport/client/internal/run-until-stopped';
import type { Command } from 'commander';
import { type DevState, removeDevState, writeDevState } from '../dev-state.js';
import { loadSandbox } from '../load-sandbox.js';
import { portOption } from '../options/shared-options.js';
import type { Terminal } from '../terminal.js';

interface Options {
  readonly port: number;
  readonly stsPort: number;
  readonly oidcPort: number;
  readonly samlPort: number;
  readonly consolePort: number;
  readonly json?: boolean;
}

export function registerDev(program: Command, terminal: Terminal): void {
  program
    .command('dev')
    .description('run the broker with a sandbox (STS, OIDC provider, SAML IdP, console sign-in) on loopback')
    .addOption(portOption('--port', 'the broker'))
    .addOption(portOption('--sts-port', 'STS'))
    .addOption(portOption('--oidc-port', 'the OIDC provider'))
    .addOption(portOption('--saml-port', 'the SAML IdP'))
    .addOption(portOption('--console-port', 'console sign-in'))
    .option('--json', 'print one line of JSON when everything is ready')
    .action(async (options: Options) => {
      const { sandboxAddresses } = await loadSandbox(() => import('@sallyport/sandbox/internal/sandbox'));
      await runUntilStopped(
        () => startDev(options, terminal),
        async ({ url, signInUrl, configFile, auditFile, sandbox }) => {
          const state = { broker: url, signIn: signInUrl, ...sandboxAddresses(sandbox), config: configFile };
          await writeDevState(state);
          terminal.print(options.json ? JSON.stringify(state) : overviewText(state, auditFile));
        },
        terminal.signals,
      );
    });
}

async function startDev(options: Options, terminal: Terminal) {
  const { createLog } = await import('../../telemetry/log.js');
  const { startSandboxedBroker } = await import('../demo/sandboxed-broker.js');
  const running = await startSandboxedBroker({
    log: createLog('warn', terminal.stderr),
    port: options.port,
    sandbox: {
      ports: {
        sts: options.stsPort,
        oidc: options.oidcPort,
        saml: options.samlPort,
        consoleSignin: options.consolePort,
      },
    },
  });
  const close = async () => {
    await removeDevState(running.url);
    await running.close();
  };
  return { ...running, close };
}

function overviewText(
  { broker, signIn, sts, consoleSignin, oidc, saml, config, users }: DevState,
  audit: string,
): string {
  const userLines = users.map(
    ({ name, password, groups }) => `${name} / ${password} (${groups.join(', ') || 'no group'})`,
  );
  return `Sallyport is running on loopback. Press Ctrl-C to stop.

  Broker         ${broker}
  Sign-in        ${signIn} (in a browser)
  Sandbox STS    ${sts}
  OIDC issuer    ${oidc.issuer}
  SAML metadata  ${saml.metadata}
  SAML SSO       ${saml.sso}
  Console        ${consoleSignin}
  Config         ${config}
  Audit log      ${audit}
  Users          ${userLines.join('\n                 ')}

Paste these commands into another terminal, in this folder.

1. Exchange a JWT of alice for credentials:

  curl -s ${broker}/v1/credentials -H "Authorization: Bearer $(npx sallyport token --user alice)" -d Role=deploy

2. Exchange a SAML assertion of alice for credentials:

  npx sallyport assertion --user alice | curl -s ${broker}/v1/credentials --data-urlencode SAMLResponse@- -d Role=s3-reader

3. Exchange a SAML assertion of carol for credentials without a stored AWS key. The broker signs a JWT for STS:

  npx sallyport assertion --user carol | curl -s ${broker}/v1/credentials --data-urlencode SAMLResponse@- -d Role=auditor

4. Run the AWS CLI with credentials from the broker:

  npx sallyport exec --role deploy --user alice --region eu-west-1 -- aws sts get-caller-identity --endpoint-url ${sts}

5. Send the request of an AWS SDK whose AWS_CONTAINER_CREDENTIALS_FULL_URI is this URL:

  curl -s ${broker}/v1/container-credentials/deploy -H "Authorization: $(npx sallyport token --user alice)"

6. Run the credential_process of a profile. To write such a profile, use npx sallyport configure:

  npx sallyport credential-process --role deploy --user alice

7. Sign a browser in to the console of the sandbox:

  npx sallyport console deploy --user alice --open

docs/clients.md describes all client integrations.
`;
}
