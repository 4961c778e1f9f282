// Opens a URL in the browser of whoever sits here.
import { spawn } from 'node:child_process';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Milliseconds to wait for an opener that fails. */
const PATIENCE = 3000;

/** By $BROWSER, or as the system does. Rejects if nothing opens it; the error does not hold the URL. */
export async function openBrowser(url: string): Promise<void> {
  const { BROWSER: browser } = process.env;
  const [command, ...args] = browser ? [browser] : (OPENERS[process.platform] ?? ['xdg-open']);
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  const opened = await new Promise<boolean>((resolve) => {
    // An opener is done at once; a browser that is started by this goes on.
    const patience = setTimeout(() => resolve(true), PATIENCE);
    const settle = (done: boolean) => {
      clearTimeout(patience);
      resolve(done);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
  child.unref();
  if (!opened) throw new Error('No browser could be opened. Leave out --open to get the URL.');
}
