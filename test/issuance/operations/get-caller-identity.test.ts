// The operations that the broker calls for itself: GetCallerIdentity, cached, and DecodeAuthorizationMessage.
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { SallyportError } from '../../../src/core/errors.js';
import { decodeAuthorizationMessage } from '../../../src/issuance/operations/decode-authorization-message.js';
import { BrokerIdentity } from '../../../src/issuance/operations/get-caller-identity.js';
import { KEYS, openTestSts } from '../../support/sts.js';
import { failure, REQUEST_ID, type StsAnswer, startStsStub, success } from '../../support/sts-stub.js';

const ARN = 'arn:aws:iam::111122223333:user/sallyport';
const IDENTITY = `<Arn>${ARN}</Arn><UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account>`;
const KNOWN = { status: 'known', arn: ARN, account: '111122223333' };

const stsAt = (t: Test, url: string) => openTestSts(t, { 'eu-west-1': url }, { credentials: KEYS }).sts;

async function errorOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SallyportError)) throw new Error(`no refusal: ${String(error)}`);
  return error;
}

t.test('GetCallerIdentity on the wire', async (t) => {
  const stub = await startStsStub(t, () => success('GetCallerIdentity', IDENTITY));
  const identity = new BrokerIdentity(stsAt(t, stub.url), () => new Date(0));
  t.same(await identity.get(), KNOWN);
  t.match(stub.calls, [{ form: { Action: 'GetCallerIdentity' }, headers: { authorization: /AKIAEXAMPLE/ } }]);
});

t.test('broker identity is cached for five minutes, a failure for one', async (t) => {
  const whole = { Arn: ARN, Account: '111122223333', $metadata: {} };
  const responses = [
    async () => whole,
    async () => {
      throw new SallyportError('broker_credentials_invalid', { reason: 'sts.InvalidClientTokenId' });
    },
    async () => ({ Arn: ARN, $metadata: {} }),
    async () => whole,
  ];
  let now = 0;
  const getCallerIdentity = async () => (responses.shift() ?? (async () => whole))();
  const identity = new BrokerIdentity({ getCallerIdentity }, () => new Date(now));
  const at = async (seconds: number) => {
    now = seconds * 1000;
    await identity.get(); // Returns the expired status while STS is called.
    await setImmediate();
    return identity.get();
  };
  t.same(await at(0), KNOWN);
  t.same(await at(299), KNOWN);
  t.equal(responses.length, 3);
  const failed = { status: 'failed', code: 'broker_credentials_invalid', reason: 'sts.InvalidClientTokenId' };
  t.same(await at(300), failed);
  t.same(await at(359), failed);
  t.equal(responses.length, 2);
  t.same(await at(360), { status: 'failed', code: 'sts_unavailable', reason: 'sts.answer_incomplete' });
  t.same(await at(420), KNOWN);
});

t.test('broker identity is pending while STS does not respond, with one call in flight', async (t) => {
  let calls = 0;
  const never = new Promise<never>(() => {});
  const identity = new BrokerIdentity(
    {
      getCallerIdentity: () => {
        calls++;
        return never;
      },
    },
    () => new Date(0),
  );
  const startedAt = Date.now();
  t.same(
    await Promise.all([identity.get(), identity.get(), identity.get()]),
    Array(3).fill({ status: 'pending' }),
  );
  t.ok(Date.now() - startedAt < 1000);
  t.equal(calls, 1);
});

t.test('DecodeAuthorizationMessage and its errors', async (t) => {
  const decodeWith = async (response: StsAnswer) => {
    const stub = await startStsStub(t, () => response);
    const sts = stsAt(t, stub.url);
    return { decode: (encoded: string) => decodeAuthorizationMessage(sts, encoded), stub };
  };
  const { decode, stub } = await decodeWith(
    success('DecodeAuthorizationMessage', '<DecodedMessage>{"allowed":false}</DecodedMessage>'),
  );
  t.same(await decode('encoded+/='), { text: '{"allowed":false}', stsRequestId: REQUEST_ID });
  t.match(stub.calls[0]?.form, { Action: 'DecodeAuthorizationMessage', EncodedMessage: 'encoded+/=' });
  const rows: [answer: StsAnswer, code: string, reason: string][] = [
    [failure(403, 'AccessDenied'), 'broker_not_permitted', 'sts.AccessDenied'],
    [
      failure(400, 'InvalidAuthorizationMessageException'),
      'encoded_message_invalid',
      'sts.InvalidAuthorizationMessageException',
    ],
    [failure(403, 'InvalidClientTokenId'), 'broker_credentials_invalid', 'sts.InvalidClientTokenId'],
    [success('DecodeAuthorizationMessage', ''), 'sts_unavailable', 'sts.answer_incomplete'],
  ];
  for (const [response, code, reason] of rows) {
    const error = await errorOf((await decodeWith(response)).decode('encoded'));
    t.strictSame([error.code, error.reason], [code, reason]);
    if (response.status)
      t.match(error.sts, { code: reason.slice(4), requestId: REQUEST_ID }, 'for log and audit');
  }
});
