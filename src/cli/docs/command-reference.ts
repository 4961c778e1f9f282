// docs/cli.md from the commands: sections are generated, the prose around them is written by hand. A section
// `<!-- commands: serve check -->` describes these commands; `<!-- options: shared -->` lists the options that several
// commands have under one heading of their help, which the page calls proof options.
import type { Argument, Command, Option } from 'commander';
import { markdownTable, renderSections, sentence } from './markdown.js';

/** The page with its sections as the commands are now. Throws if a command is missing on the page, or unknown. */
export function renderCommandReference(page: string, program: Command): string {
  const commands = subcommandsOf(program);
  const unlisted = new Set(commands.map((command) => command.name()));
  const rendered = renderSections(page, ({ kind, argument }) => {
    if (kind === 'options') return sharedOptions(commands);
    return argument
      .split(' ')
      .map((name) => {
        const command = commands.find((each) => each.name() === name);
        if (!command || !unlisted.delete(name))
          throw new Error(`docs/cli.md lists "${name}", which is listed twice or is not a command.`);
        return renderCommand(command, name, 3);
      })
      .join('\n\n');
  });
  if (unlisted.size > 0) throw new Error(`docs/cli.md does not list ${[...unlisted].join(', ')}.`);
  return rendered;
}

function renderCommand(command: Command, path: string, level: number): string {
  const options = command.options.filter(({ hidden }) => !hidden);
  const own = options.filter((option) => !isShared(option));
  return [
    `${'#'.repeat(level)} ${path}`,
    sentence(command.description()),
    `\`\`\`\nsallyport ${path} ${command.usage()}\n\`\`\``,
    command.registeredArguments.length > 0 &&
      markdownTable(['argument', 'description'], command.registeredArguments.map(argumentRow)),
    own.length > 0 && markdownTable(['option', 'description'], own.map(optionRow)),
    own.length < options.length && 'The [proof options](#proof-options) say where the proof comes from.',
    textAfterHelp(command),
    ...subcommandsOf(command).map((each) => renderCommand(each, `${path} ${each.name()}`, level + 1)),
  ]
    .filter((part) => typeof part === 'string' && part !== '')
    .join('\n\n');
}

/** Throws if the commands differ in these options: the page has one table for all. */
function sharedOptions(commands: readonly Command[]): string {
  const tables = commands
    .map(({ options }) => options.filter(isShared))
    .filter((options) => options.length > 0)
    .map((options) => markdownTable(['option', 'description'], options.map(optionRow)));
  const [table = '', ...others] = new Set(tables);
  if (others.length > 0) throw new Error('The commands differ in their proof options.');
  return table;
}

const isShared = ({ helpGroupHeading }: Option) => helpGroupHeading !== undefined;

const subcommandsOf = ({ commands }: Command) => commands.filter((each) => each.name() !== 'help');

function argumentRow(argument: Argument): readonly string[] {
  const { description, defaultValue, variadic } = argument;
  // The usage line shows which arguments are required.
  return [
    `\`${argument.name()}${variadic ? '...' : ''}\``,
    describe(description, { required: false, defaultValue }),
  ];
}

function optionRow(option: Option): readonly string[] {
  const { flags, description, mandatory, argChoices, defaultValue, negate } = option;
  return [
    `\`${flags}\``,
    describe(description, {
      required: mandatory,
      choices: argChoices,
      defaultValue: negate ? undefined : defaultValue,
    }),
  ];
}

interface Details {
  readonly required: boolean;
  readonly choices?: readonly string[] | undefined;
  readonly defaultValue: unknown;
}

function describe(description: string, { required, choices, defaultValue }: Details): string {
  const [, text = '', inText] = /^(.*?)(?: \(default: (.*)\))?$/s.exec(description) ?? [];
  return [
    required && 'Required.',
    sentence(text),
    choices && `One of ${choices.map((each) => `\`${each}\``).join(', ')}.`,
    defaultValue !== undefined && `Default: \`${String(defaultValue)}\`.`,
    inText !== undefined && `Default: ${inText}.`,
  ]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

/** What `--help` prints below the options, with its example as a code block. */
function textAfterHelp(command: Command): string {
  let printed = '';
  command.configureOutput({ writeOut: (text) => (printed += text) });
  command.outputHelp();
  const text = printed.slice(command.helpInformation().length).trim();
  return text.replace(/^Example: (.*)$/gm, 'Example:\n\n```sh\n$1\n```');
}
