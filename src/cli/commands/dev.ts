// `sallyport dev`: sandbox and broker on loopback, kept running for a person to try things.

import { runUntilStopped } from '@sallyport/client/internal/run-until-stopped';
import type { Command } from 'commander';
import { type DevState, removeDevState, writeDevState } from '../dev-state.js';
import { loadSandbox } from '../load-sandbox.js';
import { out } from '../output/print.js';
import { portOption } from '../run.js';

interface Options {
  readonly port: number;
  readonly stsPort: number;
  readonly oidcPort: number;
  readonly samlPort: number;
  readonly consolePort: number;
  readonly json?: boolean;
}

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('run the broker with a sandbox (STS, OIDC provider, SAML IdP) on loopback')
    .addOption(portOption('--port', 'the broker'))
    .addOption(portOption('--sts-port', 'STS'))
    .addOption(portOption('--oidc-port', 'the OIDC provider'))
    .addOption(portOption('--saml-port', 'the SAML IdP'))
    .addOption(portOption('--console-port', 'console sign-in'))
    .option('--json', 'print one JSON line when everything is ready')
    .action(async (options: Options) => {
      const { createLog } = await import('../../telemetry/log.js');
      const { startSandboxedBroker } = await loadSandbox(() => import('../demo/sandboxed-broker.js'));
      const { sandboxAddresses } = await import('@sallyport/sandbox/internal/sandbox');
      const start = async () => {
        const running = await startSandboxedBroker({
          log: createLog('warn'),
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
      };
      await runUntilStopped(start, async ({ url, signInUrl, configFile, auditFile, sandbox }) => {
        const state = { broker: url, signIn: signInUrl, ...sandboxAddresses(sandbox), config: configFile };
        await writeDevState(state);
        out(options.json ? JSON.stringify(state) : welcome(state, auditFile));
      });
    });
}

function welcome(
  { broker, signIn, sts, consoleSignin, oidc, saml, config, users }: DevState,
  audit: string,
): string {
  const people = users.map(
    ({ name, password, groups }) => `${name} / ${password} (${groups.join(', ') || 'no group'})`,
  );
  return `Sallyport is running on this machine only. Ctrl-C stops it.

  Broker         ${broker}
  Sign-in        ${signIn} (in a browser)
  Sandbox STS    ${sts}
  OIDC issuer    ${oidc.issuer}
  SAML metadata  ${saml.metadata}
  SAML SSO       ${saml.sso}
  Console        ${consoleSignin}
  Config         ${config}
  Audit log      ${audit}
  Users          ${people.join('\n                 ')}

Paste these into another terminal, in this folder.

1. A JWT of alice becomes credentials:

  curl -s ${broker}/v1/credentials -H "Authorization: Bearer $(npx sallyport token --user alice)" -d Role=deploy

2. A SAML assertion of alice becomes credentials:

  npx sallyport assertion --user alice | curl -s ${broker}/v1/credentials --data-urlencode SAMLResponse@- -d Role=s3-reader

3. A SAML assertion of carol becomes credentials without any stored AWS key: the broker signs a JWT about her, for STS.

  npx sallyport assertion --user carol | curl -s ${broker}/v1/credentials --data-urlencode SAMLResponse@- -d Role=auditor

4. The AWS CLI runs with credentials from the broker in its environment:

  npx sallyport exec --role deploy --user alice --region eu-west-1 -- aws sts get-caller-identity --endpoint-url ${sts}

5. An AWS SDK asks like this, if AWS_CONTAINER_CREDENTIALS_FULL_URI is the URL:

  curl -s ${broker}/v1/container-credentials/deploy -H "Authorization: $(npx sallyport token --user alice)"

6. A profile runs this as its credential_process; npx sallyport configure writes one:

  npx sallyport credential-process --role deploy --user alice

7. A browser is signed in to the sandbox's console:

  npx sallyport console deploy --user alice --open

docs/clients.md has all the ways.
`;
}
