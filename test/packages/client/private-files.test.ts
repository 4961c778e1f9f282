// Files that only their owner can read.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '@sallyport/client/internal/private-files';
import t from 'tap';

t.test('writePrivateFile replaces a file atomically and leaves no temporary file', async (t) => {
  const folder = t.testdir({ taken: {} });
  const file = join(folder, 'file');
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(1000));
  await Promise.all(texts.map((text) => writePrivateFile(file, text)));
  t.ok(texts.includes(await readFile(file, 'utf8')));
  t.equal((await stat(file)).mode & 0o777, 0o600);
  await t.rejects(writePrivateFile(join(folder, 'taken'), 'text'), { code: 'EISDIR' });
  t.same((await readdir(folder)).sort(), ['file', 'taken']);
});
