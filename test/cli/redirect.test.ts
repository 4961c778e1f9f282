// The loopback address that a browser comes back to after a sign-in: whom it listens to, and that it always ends.
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { receiveRedirect } from '../../src/cli/proof/redirect.js';

/** A sign-in that waits for the browser, and says where; `finish` is what the test makes of it. */
function open(t: Test, finish: (url: URL) => Promise<string>) {
  const abort = new AbortController();
  t.teardown(() => abort.abort(new Error('the test is over')));
  let begun = (_: string) => {};
  const uri = new Promise<string>((resolve) => {
    begun = resolve;
  });
  const outcome = receiveRedirect({ port: 0, state: 'state', signal: abort.signal, begin: begun, finish });
  return { uri, outcome };
}

t.test('a request without the state gets nothing and ends nothing', async (t) => {
  const { uri, outcome } = open(t, async (url) => url.searchParams.get('code') ?? '');
  const place = await uri;
  for (const query of ['', '?code=theirs', '?state=&code=theirs', '?state=State&code=theirs'])
    t.equal((await fetch(`${place}${query}`)).status, 404);
  t.equal((await fetch(`${place}?state=state&code=theirs`, { method: 'POST' })).status, 404);
  const page = await fetch(`${place}?state=state&code=ours`);
  t.match(page.headers.get('content-security-policy'), "default-src 'none'");
  t.match(await page.text(), /You are signed in/);
  t.equal(await outcome, 'ours');
});

t.test('a browser that goes before its page comes is waited for no longer', async (t) => {
  for (const [finish, name] of [
    [async () => 'signed in', 'signed in'],
    [() => Promise.reject(new Error('refused')), 'refused'],
  ] as const) {
    let gone = () => {};
    const left = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const { uri, outcome } = open(t, async () => {
      browser.destroy();
      await left;
      // The server has seen it by then.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return finish();
    });
    const { port, pathname } = new URL(await uri);
    const browser = connect(Number(port), '127.0.0.1');
    browser.once('close', gone).write(`GET ${pathname}?state=state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    t.equal(await outcome.catch(({ message }) => message), name);
  }
});
