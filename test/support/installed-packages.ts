// Installs packages into a folder as npm would, without a network: copies of those in the repository's node_modules.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { ROOT } from './paths.js';

/** An empty folder outside the repository, where imports cannot find the repository's node_modules. */
export function createOutsideFolder(t: Test): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-installed-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Copies the third-party packages that npm installs from package-lock.json with these flags, e.g. `--omit=dev`, to
 * `folder`/node_modules. Returns their locations, such as `node_modules/fastify`. Workspace packages are not copied.
 */
export async function copyThirdPartyPackages(
  folder: string,
  flags: readonly string[],
): Promise<readonly string[]> {
  const args = ['ls', '--all', '--parseable', '--package-lock-only', ...flags];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: ROOT, maxBuffer: 10 * 1024 * 1024 });
  const locations = stdout
    .split('\n')
    .map((path) => relative(ROOT, path))
    .filter((path) => path.startsWith('node_modules/') && !path.startsWith('node_modules/@sallyport/'))
    .sort();
  for (const location of locations) {
    const source = join(ROOT, location);
    // Nested packages have locations of their own.
    const nested = join(source, 'node_modules');
    cpSync(source, join(folder, location), {
      recursive: true,
      filter: (path) => path !== nested && !path.startsWith(nested + sep),
    });
    linkCommands(join(folder, location));
  }
  return locations;
}

/** Links the commands of a package in node_modules/.bin. npm installs a package again if they are missing. */
function linkCommands(location: string): void {
  const { name, bin = {} } = JSON.parse(readFileSync(join(location, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly bin?: string | Readonly<Record<string, string>>;
  };
  const commands = typeof bin === 'string' ? { [basename(name)]: bin } : bin;
  const folder = join(location.slice(0, -name.length), '.bin');
  for (const [command, file] of Object.entries(commands)) {
    const link = join(folder, command);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(folder, join(location, file)), link);
  }
}
