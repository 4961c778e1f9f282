// `sallyport console`: gets a sign-in URL for the AWS console from a running broker, and prints it or opens it.
import { callBroker, notABroker } from '@sallyport/client/internal/call-broker';
import { type Command, Option } from 'commander';
import { resolveBrokerUrl } from '../options/session-options.js';
import { brokerOption, parseDuration } from '../options/shared-options.js';
import { openBrowser } from '../proof/open-browser.js';
import { addProofOptions, type ProofOptions, readProofOption } from '../proof/proof-options.js';
import type { Terminal } from '../terminal.js';

interface Options extends ProofOptions {
  readonly broker?: string;
  readonly destination?: string;
  readonly duration?: number;
  readonly sessionDuration?: number;
  readonly reason?: string;
  readonly serialNumber?: string;
  readonly tokenCode?: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

interface ConsoleResponse {
  readonly SigninUrl: string;
  readonly Expires: string;
}

export function registerConsole(program: Command, terminal: Terminal): void {
  const command = program
    .command('console')
    .description('get a URL that signs in to the AWS console with a role')
    .argument('[role]', 'role to request; optional if you are permitted exactly one role')
    .addOption(brokerOption());
  addProofOptions(command, terminal)
    .option(
      '--destination <url>',
      "page of the AWS console to open (default: the home page in the role's region)",
    )
    .option(
      '--duration <duration>',
      'lifetime of the credentials, such as 1h (default: set by the role)',
      parseDuration,
    )
    .option(
      '--session-duration <duration>',
      'duration of the console session, such as 8h (default: the lifetime of the credentials)',
      parseDuration,
    )
    .option('--reason <text>', 'reason for the request, if the role requires one')
    .option('--serial-number <device>', 'serial number or ARN of an MFA device, if the role requires a code')
    .option('--token-code <code>', 'six-digit code of the MFA device')
    .addOption(
      new Option(
        '--open',
        'open the URL in $BROWSER or the default browser instead of printing it',
      ).conflicts('json'),
    )
    .option('--json', 'print the complete response of the broker')
    .addHelpText('after', '\nExample: sallyport console deploy --token-file token.jwt --open')
    .action((role: string | undefined, options: Options) => openConsole(role, options, terminal));
}

async function openConsole(role: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const { open = false, json = false } = options;
  const response = await callBroker({
    broker: await resolveBrokerUrl(options.broker, terminal),
    path: '/v1/console',
    proof: await readProofOption(options, terminal),
    // JSON.stringify omits undefined members.
    body: {
      Role: role,
      Destination: options.destination,
      DurationSeconds: options.duration,
      SessionDuration: options.sessionDuration,
      Reason: options.reason,
      SerialNumber: options.serialNumber,
      TokenCode: options.tokenCode,
    },
  });
  if (!isConsoleResponse(response)) throw notABroker();
  if (open) {
    await openBrowser(response.SigninUrl, terminal.env);
    terminal.printError(`Opened in the browser. The URL expires at ${response.Expires}.`);
  } else terminal.print(json ? JSON.stringify(response, undefined, 2) : response.SigninUrl);
}

function isConsoleResponse(response: unknown): response is ConsoleResponse {
  const { SigninUrl, Expires } = (response ?? {}) as Readonly<Record<string, unknown>>;
  return typeof SigninUrl === 'string' && /^https?:/.test(SigninUrl) && typeof Expires === 'string';
}
