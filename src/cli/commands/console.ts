// `sallyport console`: a running broker gives a sign-in URL to the AWS console; it is printed, or opened and not printed.

import { callBroker } from '@sallyport/client/internal/call-broker';
import { type Command, Option } from 'commander';
import { brokerUrl } from '../broker-url.js';
import { err, out } from '../output/print.js';
import { openBrowser } from '../proof/open-browser.js';
import { parseLifetime } from '../proof/proof-command.js';
import { addProofOptions, obtainProof, type ProofOptions } from '../proof/proof-options.js';

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

interface Answer {
  readonly SigninUrl: string;
  readonly Expires: string;
}

export function registerConsole(program: Command): void {
  const command = program
    .command('console')
    .description('get a URL that signs in to the AWS console with a role, from a running broker')
    .argument('[role]', 'the role; may be left out if you may have exactly one')
    .option('--broker <url>', "the broker's URL (default: SALLYPORT_URL, or the running `sallyport dev`)");
  addProofOptions(command)
    .option('--destination <url>', "a page of the AWS console (default: its home, in the role's region)")
    .option('--duration <duration>', 'how long the credentials last, e.g. 1h', parseLifetime)
    .option(
      '--session-duration <duration>',
      'how long the console session lasts, e.g. 8h (default: as long as the credentials)',
      parseLifetime,
    )
    .option('--reason <text>', 'why, where the role requires it')
    .option('--serial-number <device>', 'an MFA device, where the role requires a code')
    .option('--token-code <code>', 'the six digits it shows')
    .addOption(
      new Option('--open', 'open it in $BROWSER or the default browser, and do not print it').conflicts(
        'json',
      ),
    )
    .option('--json', "print the broker's whole answer")
    .action(async (role: string | undefined, options: Options) => {
      const { open = false, json = false } = options;
      const answer = await callBroker({
        broker: await brokerUrl(options.broker),
        path: '/v1/console',
        proof: await obtainProof(options),
        // What is undefined is left out of the JSON.
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
      if (!isAnswer(answer)) throw new Error('The answer is not one of a Sallyport broker. Check its URL.');
      if (open) {
        await openBrowser(answer.SigninUrl);
        err(`Opened in the browser. It can be opened until ${answer.Expires}.`);
      } else out(json ? JSON.stringify(answer, undefined, 2) : answer.SigninUrl);
    });
}

function isAnswer(answer: unknown): answer is Answer {
  const { SigninUrl, Expires } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  return typeof SigninUrl === 'string' && /^https?:/.test(SigninUrl) && typeof Expires === 'string';
}
