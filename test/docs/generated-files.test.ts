// The generated files in the repository match the code.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { renderCommandReference } from '../../src/cli/docs/command-reference.js';
import { renderErrorReference } from '../../src/cli/docs/error-reference.js';
import { GENERATED_FILES } from '../../src/cli/docs/generated-files.js';
import { createProgram } from '../../src/cli/program.js';
import { ERRORS } from '../../src/core/errors.js';
import { REASONS } from '../../src/core/reasons.js';
import { fromRoot } from '../support/paths.js';

const read = (path: string) => readFileSync(fromRoot(path), 'utf8');

for (const [path, render] of Object.entries(GENERATED_FILES)) {
  t.test(`${path} is up to date`, async (t) => {
    const present = read(path);
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

t.test('docs/errors.md lists every error code once, and links to each from the overview', (t) => {
  const page = read('docs/errors.md');
  const codes = Object.keys(ERRORS).sort();
  const headings = [...page.matchAll(/^### `([a-z_]+)`$/gm)].map(([, code]) => code);
  t.strictSame(headings.sort(), codes);
  const links = [...page.matchAll(/\[`([a-z_]+)`\]\(#\1\)/g)].map(([, code]) => code);
  t.strictSame(links.sort(), codes);
  t.end();
});

t.test('docs/errors.md lists every internal reason', (t) => {
  const page = read('docs/errors.md');
  t.strictSame(
    Object.keys(REASONS).filter((reason) => !page.includes(`\n| \`${reason}\` | `)),
    [],
  );
  t.end();
});

t.test('the error reference fails on a missing, repeated, or unknown section', (t) => {
  const page = read('docs/errors.md');
  const render = (text: string) => renderErrorReference(text, REASONS);
  t.throws(() => render(page.replace('<!-- reasons: jwt -->', '<!-- reasons: oidc -->')), {
    message: /lists "oidc\.[a-z._]+" twice/,
  });
  t.throws(() => render(page.replace('<!-- errors: proof -->', '<!-- errors: server -->')), {
    message: /lists "audit_unavailable" twice/,
  });
  t.throws(() => render(page.replace('<!-- errors: proof -->', '<!-- errors: proofs -->')), {
    message: /no section "proofs"/,
  });
  t.throws(() => render('<!-- errors: proof -->\n<!-- end -->'), {
    message: /does not list request_malformed/,
  });
  t.end();
});
