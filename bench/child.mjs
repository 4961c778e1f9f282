// Runs a part of a benchmark in a child process, so that it takes no CPU time from the measured process. Imported as a
// module, it starts a child; run as a program, it is the child.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

/** Starts the export `name` of `module`. Its methods are called by name; `close` ends it. Its stdout is discarded. */
export async function inChild(module, name, options = {}) {
  const url = new URL(module, import.meta.url).href;
  const child = fork(FILE, [url, name, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const response = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(() => Promise.reject(new Error(`${name} has ended`))),
    ]);
    return message;
  };
  const started = await response();
  return {
    ...started,
    call: async (method, ...args) => {
      const answered = response();
      child.send({ method, args });
      return (await answered).result;
    },
    close: async () => {
      child.disconnect();
      await ended;
    },
  };
}

if (process.argv[1] === FILE) {
  const [, , module, name, options] = process.argv;
  const part = await (await import(module))[name](JSON.parse(options));
  process.on('message', async ({ method, args }) => process.send({ result: await part[method](...args) }));
  process.on('disconnect', async () => {
    await part.close?.();
    process.exit();
  });
  process.send({ url: part.url });
}
