// Every relative link of the documentation leads to a file of the repository, and every anchor to a heading.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { ROOT } from '../support/paths.js';

const pagesIn = (folder: string) =>
  existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith('.md') ? [join(folder, name)] : []))
    : [];
const PAGES = [
  ...['.', 'docs'].flatMap(pagesIn),
  ...readdirSync(join(ROOT, 'packages')).flatMap((name) => pagesIn(join('packages', name))),
];

/** Without code blocks, where `[a](b)` is no link and `#` no heading. */
const proseOf = (page: string) => readFileSync(join(ROOT, page), 'utf8').replace(/^( *)```.*?^\1```$/gms, '');

/** As GitHub makes them: lower case, punctuation removed, spaces become hyphens. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsOf = (page: string) =>
  new Set([...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));

for (const page of PAGES) {
  t.test(`${page}: links lead to files and headings`, (t) => {
    const links = [...proseOf(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    );
    for (const link of links) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(ROOT, target))) t.fail(`${link}: no such file`);
      else if (anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor))
        t.fail(`${link}: no such heading`);
    }
    t.pass(`${links.length} links`);
    t.end();
  });
}
