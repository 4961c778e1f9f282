// Compiles a TypeScript project, starts a command, and does both again whenever a source file changes. While the
// project does not compile, its errors are shown and the last command keeps running:
// `node scripts/watch.mjs PROJECT COMMAND [ARGUMENT…]`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';

const [project, command, ...args] = process.argv.slice(2);
const FOLDERS = ['src', 'test', 'packages'].filter((folder) => existsSync(folder));
const isSource = (path) => path.endsWith('.ts') && !/(^|\/)(dist|node_modules)\//.test(path);
/** An editor that saves all files writes more than one. */
const SETTLE_MS = 100;

let running;

async function stop() {
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
  const closed = once(running, 'close');
  running.kill('SIGTERM');
  await closed;
}

async function compileAndRestart() {
  const [code] = await once(spawn('tsc', ['-b', project], { stdio: 'inherit' }), 'close');
  if (code !== 0) return;
  await stop();
  running = spawn(command, args, { stdio: 'inherit' });
}

let work = compileAndRestart();
let timer;
for (const folder of FOLDERS)
  watch(folder, { recursive: true }, (_event, path) => {
    if (path === null || !isSource(path)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(compileAndRestart);
    }, SETTLE_MS);
  });

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    clearTimeout(timer);
    await work;
    await stop();
    process.exit();
  });
