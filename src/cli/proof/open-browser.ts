// Opens a URL in a browser.
import { spawn } from 'node:child_process';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Milliseconds to wait for an opener to fail. */
const OPENER_TIMEOUT_MS = 3000;

/** Uses $BROWSER, or the default browser. Rejects if no browser opens; the error does not contain the URL. */
export async function openBrowser(url: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { BROWSER: browser } = env;
  const [command, ...args] = browser ? [browser] : (OPENERS[process.platform] ?? ['xdg-open']);
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true, env });
  const opened = await new Promise<boolean>((resolve) => {
    // An opener exits immediately. A browser that is started directly keeps running.
    const timer = setTimeout(() => resolve(true), OPENER_TIMEOUT_MS);
    const settle = (success: boolean) => {
      clearTimeout(timer);
      resolve(success);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
  child.unref();
  if (!opened) throw new Error('No browser could be opened. Omit --open to print the URL.');
}
