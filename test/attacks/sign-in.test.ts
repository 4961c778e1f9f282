// Attacks on browser sign-in: Responses to the request of another browser, replayed Responses, and Responses to no request.

import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';
import { Seal } from '../../src/portal/seal.js';
import { MemoryReplayStore } from '../../src/replay/memory-replay-store.js';
import { NOW, signedResponse } from '../support/saml-documents.js';
import { base64, SERVER_URL } from '../support/saml-verifier.js';
import {
  answerOfPartner,
  Browser,
  responseTo,
  sharedSeal,
  sharedStore,
  startSignIn,
} from '../support/sign-in.js';

const UNKNOWN = 'proof_invalid saml.in_response_to.unknown';
const REPLAYED = 'proof_replayed proof_replayed';

const [seal, replay] = [sharedSeal(), sharedStore()];
const a = await startSignIn(t, { seal, replay });
const b = await startSignIn(t, { seal, replay });

t.test('a Response to the request of the same browser is accepted at any replica', async (t) => {
  const browser = new Browser();
  t.equal((await browser.post(b, responseTo(await browser.begin(a)))).outcome, 'issued');
  t.equal(browser.cookies.size, 0);
});

t.test("login CSRF: the attacker's Response, posted by the victim's browser, is refused", async (t) => {
  const [attacker, victim] = [new Browser(), new Browser()];
  const response = responseTo(await attacker.begin(a));
  t.equal((await victim.post(a, response)).outcome, UNKNOWN, 'without a cookie');
  const own = await victim.begin(a);
  t.equal((await victim.post(a, response)).outcome, UNKNOWN, 'nor with its own request');
  t.equal(victim.cookies.size, 1, 'which stays open');
  t.equal((await victim.post(a, responseTo(own))).outcome, 'issued');
  t.equal((await attacker.post(a, response)).outcome, 'issued', 'the refused response was not consumed');
});

t.test('stolen Response: without the cookie of the browser it is refused on every endpoint', async (t) => {
  const [victim, thief] = [new Browser(), new Browser()];
  const response = responseTo(await victim.begin(a));
  t.equal((await thief.post(b, response)).outcome, UNKNOWN);
  const api = await a.app.inject({
    method: 'POST',
    url: '/v1/credentials',
    payload: { SAMLResponse: response, Role: 'reader' },
  });
  t.match(api.json(), { status: 401, code: 'audience_mismatch' }, 'where the API is for AWS');
});

t.test('replay: a Response and a request are used once, also across replicas (proof_replayed)', async (t) => {
  const browser = new Browser();
  const id = await browser.begin(a);
  const stored = [...browser.cookies];
  const response = responseTo(id);
  t.equal((await browser.post(a, response)).outcome, 'issued');
  t.equal((await browser.post(a, response)).outcome, UNKNOWN, 'the cookie is gone');
  const restore = () => {
    for (const [name, value] of stored) browser.cookies.set(name, value);
  };
  restore();
  t.equal((await browser.post(a, response)).outcome, REPLAYED, 'the same response, with its cookie restored');
  restore();
  t.equal((await browser.post(b, response)).outcome, REPLAYED, 'at another replica');
  restore();
  t.equal((await browser.post(b, responseTo(id))).outcome, REPLAYED, 'another response to the same request');
});

t.test(
  'replay: of concurrent Responses to one request, exactly one is accepted across replicas',
  async (t) => {
    const browser = new Browser();
    const id = await browser.begin(a);
    const cookies = [...browser.cookies];
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const tab = new Browser();
        for (const [name, value] of cookies) tab.cookies.set(name, value);
        return (await tab.post(index % 2 === 0 ? a : b, responseTo(id))).status;
      }),
    );
    t.equal(outcomes.filter((status) => status === 200).length, 1);
    t.equal(outcomes.filter((status) => status === 401).length, 19);
  },
);

t.test(
  'a sign-in cookie that is altered, renamed, expired or sealed with another key is refused',
  async (t) => {
    const browser = new Browser();
    const id = await browser.begin(a);
    const [[name, value] = ['', '']] = browser.cookies;
    const response = responseTo(id);
    const withCookie = async (changedName: string, changed: string, broker = a) => {
      const other = new Browser();
      other.cookies.set(changedName, changed);
      return (await other.post(broker, response)).outcome;
    };
    const parts = value.split('.');
    for (const index of parts.keys()) {
      const part = parts[index] ?? '';
      const flipped = part === '' ? 'AAAA' : `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`;
      t.equal(await withCookie(name, parts.with(index, flipped).join('.')), UNKNOWN, `part ${index}`);
    }
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const junk of ['', 'x', '....', value.slice(0, -1), `${none}..`, `${none}.${parts[3]}.`])
      t.equal(await withCookie(name, junk), UNKNOWN, 'junk');
    t.equal(
      await withCookie(name.replace('__Host-', ''), value),
      UNKNOWN,
      'a site of the same domain set it',
    );
    t.equal(await withCookie(name.slice(0, -1), value), UNKNOWN, 'a name that is not its own');

    const otherKey = await startSignIn(t, { replay, seal: new Seal(new Secret('f'.repeat(32))) });
    t.equal(await withCookie(name, value, otherKey), UNKNOWN, 'another key');
    const ownKey = await startSignIn(t, { replay, seal: new Seal() });
    t.equal(await withCookie(name, value, ownKey), UNKNOWN, "a process's own key");

    // The response is valid for longer than the sign-in.
    const clock = { now: new Date(NOW.getTime() - 599_000) };
    const slow = await startSignIn(t, { seal, replay, now: () => clock.now });
    const [inTime, late] = [new Browser(), new Browser()];
    const [first, second] = [await inTime.begin(slow), await late.begin(slow)];
    clock.now = NOW;
    t.equal((await inTime.post(slow, responseTo(first))).outcome, 'issued');
    clock.now = new Date(NOW.getTime() + 1000);
    t.equal((await late.post(slow, responseTo(second))).outcome, UNKNOWN, 'after ten minutes');
    t.equal(await withCookie(name, value), 'issued', 'the twin');
  },
);

t.test('unsolicited Responses and Responses to unknown requests are refused', async (t) => {
  const browser = new Browser();
  const id = await browser.begin(a);
  t.equal((await browser.post(a, responseTo('_of-another-provider'))).outcome, UNKNOWN);
  t.equal((await browser.post(a, responseTo(undefined))).outcome, 'proof_invalid saml.unsolicited');
  const mixed = responseTo(id, {}, { inResponseTo: '_other' });
  t.equal((await browser.post(a, mixed)).outcome, 'proof_invalid saml.in_response_to.mismatch');
  const outside = responseTo('_other', {}, { inResponseTo: id });
  t.equal((await browser.post(a, outside)).outcome, 'proof_invalid saml.in_response_to.mismatch');
  const forAws = base64(signedResponse({ id: '_for-aws' }));
  t.equal((await browser.post(a, forAws)).outcome, 'audience_mismatch saml.recipient');
  const elsewhere = responseTo(id, { recipient: `${SERVER_URL}/elsewhere` });
  t.equal((await browser.post(a, elsewhere)).outcome, 'audience_mismatch saml.recipient');
  t.equal((await browser.post(a, responseTo(id))).outcome, 'issued', 'the twin');
});

t.test('IdP mix-up: a Response of another issuer to the request is refused', async (t) => {
  const browser = new Browser();
  const [corp, partner] = [await browser.begin(a), await browser.begin(a, '/login/partner?Role=reader')];
  t.equal((await browser.post(a, answerOfPartner(corp))).outcome, 'proof_invalid saml.in_response_to.issuer');
  t.equal((await browser.post(a, responseTo(partner))).outcome, 'proof_invalid saml.in_response_to.issuer');
  t.equal((await browser.post(a, answerOfPartner(partner))).outcome, 'issued');
  t.equal((await browser.post(a, responseTo(corp))).outcome, 'issued');
});

t.test('logout messages and other documents at the ACS are refused', async (t) => {
  const browser = new Browser();
  const id = await browser.begin(a);
  const genuine = Buffer.from(responseTo(id), 'base64').toString();
  for (const name of ['LogoutResponse', 'LogoutRequest', 'AuthnRequest']) {
    const other = base64(genuine.replaceAll('samlp:Response', `samlp:${name}`));
    t.match((await browser.post(a, other)).outcome, /^proof_malformed saml\./, name);
  }
  for (const [payload, outcome] of [
    ['SAMLRequest=abc', 'parameter_invalid parameter.schema'],
    ['SAMLResponse=', 'parameter_invalid parameter.schema'],
    ['SAMLResponse=a&SAMLResponse=b', 'request_malformed request.duplicate_key'],
    ['SAMLResponse=%ff', 'request_malformed request.encoding'],
    ['SAMLResponse=abc', 'proof_malformed saml.base64'],
  ] as const) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await a.app.inject({ method: 'POST', url: '/saml/acs', headers, payload });
    t.equal(a.refused.at(-1), outcome, payload);
  }
});

t.test(
  'while the replay store is unavailable, sign-in is refused and the Response stays unused',
  async (t) => {
    const store = sharedStore();
    store.claim = async () => Promise.reject(new Error('down'));
    const down = await startSignIn(t, { seal, replay: store });
    const browser = new Browser();
    const shown = await browser.post(down, responseTo(await browser.begin(down)));
    t.match(shown, {
      status: 503,
      outcome: 'replay_store_unavailable replay_store_unavailable',
      headers: { 'retry-after': /^\d+$/ },
    });
  },
);

t.test(
  'after a restart with the in-memory store, requests from before are refused (replay.before_start)',
  async (t) => {
    const browser = new Browser();
    const id = await browser.begin(a);
    const restarted = new MemoryReplayStore(() => new Date(NOW.getTime() + 500));
    const again = await startSignIn(t, {
      seal,
      replay: restarted,
      now: () => new Date(NOW.getTime() + 1000),
    });
    t.equal((await browser.post(again, responseTo(id))).outcome, 'proof_replayed replay.before_start');
  },
);

t.test('an internal error shows an error page without its cause', async (t) => {
  const broken = await startSignIn(t, {
    seal: {
      seal: (pending, now) => seal.seal(pending, now),
      open: async () => Promise.reject(new Error('boom')),
    },
  });
  const browser = new Browser();
  const id = await browser.begin(broken);
  const shown = await browser.post(broken, responseTo(id));
  t.match(shown, { status: 500, outcome: 'internal internal', text: /Request id/ });
  t.notMatch(shown.text, /boom/);
});
