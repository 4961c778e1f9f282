// The generated files in the repository match the code.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { renderCommandReference } from '../../src/cli/docs/command-reference.js';
import { GENERATED_FILES } from '../../src/cli/docs/generated-files.js';
import { createProgram } from '../../src/cli/program.js';

for (const [path, render] of Object.entries(GENERATED_FILES)) {
  t.test(`${path} is up to date`, async (t) => {
    const present = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    t.equal(await render(present), present, `${path} differs from the code: run npm run docs`);
  });
}

t.test('the command reference fails on an unlisted, unknown, or repeated command', (t) => {
  const render = (commands: string) =>
    renderCommandReference(`<!-- commands: ${commands} -->\n<!-- end -->`, createProgram());
  const names = createProgram().commands.map((command) => command.name());
  t.match(render(names.join(' ')), /\n### serve\n\n.+\n\n```\nsallyport serve \[options\]\n```\n/);
  t.throws(() => render(names.slice(1).join(' ')), { message: `docs/cli.md does not list ${names[0]}.` });
  t.throws(() => render([...names, 'nope'].join(' ')), { message: /lists "nope"/ });
  t.throws(() => render([...names, 'serve'].join(' ')), { message: /lists "serve"/ });
  t.end();
});

t.test(
  'the command reference has defaults, choices, required options, and the text below the options',
  (t) => {
    const names = createProgram().commands.map((command) => command.name());
    const page = renderCommandReference(
      `<!-- commands: ${names.join(' ')} -->\n<!-- end -->\n<!-- options: shared -->\n<!-- end -->`,
      createProgram(),
    );
    t.match(page, /\| `-c, --config <file>` \| Required\. /);
    t.match(page, /\| `--log-level <level>` \| .* One of `debug`, `info`.* Default: `info`\. \|/);
    t.match(page, /\| `file` \| .* Default: `sallyport\.yaml`\. \|/);
    t.match(page, /\n#### issuer rotate\n/);
    t.match(page, /\| `--token-env <name>` \| .* Default: `SALLYPORT_TOKEN`\. \|/);
    const exec = page.split('\n### ').find((section) => section.startsWith('exec\n'));
    t.match(exec, /\b126\b/);
    t.end();
  },
);
