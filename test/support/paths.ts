// Where files of the repository are. The tests run compiled, from `build/test`, so `import.meta.url` does not lead to
// files next to their source.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The absolute path of a file or folder, given relative to the root of the repository. */
export const fromRoot = (path: string): string => join(ROOT, path);

/** The absolute path of a file below `test/fixtures`. */
export const fixturePath = (path: string): string => fromRoot(`test/fixtures/${path}`);
