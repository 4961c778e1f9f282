// The loopback redirect of a browser sign-in: which requests it accepts, and that it always ends.
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { receiveRedirect } from '../../../src/cli/proof/loopback-redirect.js';

/** Waits for a redirect to `uri`. */
function listen(t: Test, onRedirect: (url: URL) => Promise<string>) {
  const abort = new AbortController();
  t.teardown(() => abort.abort(new Error('the test is over')));
  let onListening = (_: string) => {};
  const uri = new Promise<string>((resolve) => {
    onListening = resolve;
  });
  const outcome = receiveRedirect({ port: 0, state: 'state', signal: abort.signal, onListening, onRedirect });
  return { uri, outcome };
}

t.test('a request with another state gets 404 and does not end the sign-in', async (t) => {
  const { uri, outcome } = listen(t, async (url) => url.searchParams.get('code') ?? '');
  const redirectUri = await uri;
  for (const query of ['', '?code=theirs', '?state=&code=theirs', '?state=State&code=theirs'])
    t.equal((await fetch(`${redirectUri}${query}`)).status, 404);
  t.equal((await fetch(`${redirectUri}?state=state&code=theirs`, { method: 'POST' })).status, 404);
  const page = await fetch(`${redirectUri}?state=state&code=ours`);
  t.match(page.headers.get('content-security-policy'), "default-src 'none'");
  t.match(await page.text(), /You are signed in/);
  t.equal(await outcome, 'ours');
});

t.test('the sign-in ends if the browser disconnects before it receives the page', async (t) => {
  for (const [complete, name] of [
    [async () => 'signed in', 'signed in'],
    [() => Promise.reject(new Error('refused')), 'refused'],
  ] as const) {
    let gone = () => {};
    const left = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const { uri, outcome } = listen(t, async () => {
      browser.destroy();
      await left;
      // Give the server time to notice.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return complete();
    });
    const { port, pathname } = new URL(await uri);
    const browser = connect(Number(port), '127.0.0.1');
    browser.once('close', gone).write(`GET ${pathname}?state=state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    t.equal(await outcome.catch(({ message }) => message), name);
  }
});
