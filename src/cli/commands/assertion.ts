// `sallyport assertion`: a SAMLResponse for a user of the running sandbox.
import { type Command, Option } from 'commander';
import { loadSandbox } from '../load-sandbox.js';
import { out } from '../output/print.js';
import { findDev, parseLifetime, parsePair } from '../proof/proof-command.js';

type Attributes = Readonly<Record<string, readonly string[]>>;

interface Options {
  readonly user: string;
  readonly recipient?: string;
  readonly audience?: string;
  readonly lifetime?: number;
  readonly attribute?: Attributes;
  readonly signature?: 'assertion' | 'response' | 'both';
}

function addAttribute(pair: string, attributes: Attributes = {}): Attributes {
  const [name, value] = parsePair(pair);
  return { ...attributes, [name]: [...(attributes[name] ?? []), value] };
}

async function obtainAssertion({ lifetime, attribute, ...options }: Options): Promise<string> {
  const { fetchAssertion } = await loadSandbox(
    () => import('@sallyport/sandbox/internal/saml/fetch-assertion'),
  );
  const { saml, password } = await findDev(options.user);
  return fetchAssertion(saml.sso, {
    ...options,
    password,
    ...(lifetime !== undefined && { lifetimeSeconds: lifetime }),
    ...(attribute !== undefined && { attributes: attribute }),
  });
}

export function registerAssertion(program: Command): void {
  program
    .command('assertion')
    .description('print a base64 SAMLResponse for a user of the running `sallyport dev`')
    .requiredOption('--user <name>', 'whose assertion, e.g. alice')
    .option('--recipient <url>', 'assertion consumer service (default: https://signin.aws.amazon.com/saml)')
    .option('--audience <uri>', 'whom it is addressed to (default: urn:amazon:webservices)')
    .option('--lifetime <duration>', 'e.g. 15m, at most 1d (default: 5m)', parseLifetime)
    .option('--attribute <name=value>', 'a further attribute value; may be repeated', addAttribute)
    .addOption(new Option('--signature <what>', 'what is signed').choices(['assertion', 'response', 'both']))
    .action(async (options: Options) => out(await obtainAssertion(options)));
}
