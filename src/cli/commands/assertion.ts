// `sallyport assertion`: prints a SAMLResponse for a user of the running sandbox.
import { type Command, Option } from 'commander';
import { omitUndefined } from '../../core/omit-undefined.js';
import { loadSandbox } from '../load-sandbox.js';
import { parseDuration, parseNameValue } from '../options/shared-options.js';
import { findSandboxUser } from '../proof/sandbox-user.js';
import type { Terminal } from '../terminal.js';

type Attributes = Readonly<Record<string, readonly string[]>>;

interface Options {
  readonly user: string;
  readonly recipient?: string;
  readonly audience?: string;
  readonly lifetime?: number;
  readonly attribute?: Attributes;
  readonly signature?: 'assertion' | 'response' | 'both';
}

export function registerAssertion(program: Command, terminal: Terminal): void {
  program
    .command('assertion')
    .description('print a base64 SAMLResponse for a user of the running `sallyport dev`')
    .requiredOption('--user <name>', 'user of the sandbox, such as alice')
    .option(
      '--recipient <url>',
      'assertion consumer service URL (default: https://signin.aws.amazon.com/saml)',
    )
    .option('--audience <uri>', 'audience of the assertion (default: urn:amazon:webservices)')
    .option(
      '--lifetime <duration>',
      'lifetime of the assertion, such as 15m, at most 1d (default: 5m)',
      parseDuration,
    )
    .option('--attribute <name=value>', 'additional attribute value; can be repeated', addAttribute)
    .addOption(
      new Option('--signature <element>', 'what to sign (default: assertion)').choices([
        'assertion',
        'response',
        'both',
      ]),
    )
    .action(async (options: Options) => terminal.print(await fetchSamlResponse(options)));
}

function addAttribute(text: string, attributes: Attributes = {}): Attributes {
  const [name, value] = parseNameValue(text);
  return { ...attributes, [name]: [...(attributes[name] ?? []), value] };
}

async function fetchSamlResponse({ lifetime, attribute, ...options }: Options): Promise<string> {
  const { fetchAssertion } = await loadSandbox(
    () => import('@sallyport/sandbox/internal/saml/fetch-assertion'),
  );
  const { saml, password } = await findSandboxUser(options.user);
  return fetchAssertion(saml.sso, {
    ...options,
    password,
    ...omitUndefined({ lifetimeSeconds: lifetime, attributes: attribute }),
  });
}
