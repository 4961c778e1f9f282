// One part of a bench in a process of its own, so that it takes no time from what is measured. As a module: starts one.
// As a program: is one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(import.meta.url);

/** Starts what `module` exports as `name`. The part's methods are called by name; it ends with `close`. Its stdout goes nowhere. */
export async function inChild(module, name, options = {}) {
  const url = new URL(module, import.meta.url).href;
  const child = fork(FILE, [url, name, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const answer = async () => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(() => Promise.reject(new Error(`${name} has ended`))),
    ]);
    return message;
  };
  const started = await answer();
  return {
    ...started,
    call: async (method, ...args) => {
      const answered = answer();
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
