import { inspect } from 'node:util';
import { Secret } from '@sallyport/client/internal/secret';
import t from 'tap';

t.test('every conversion of a Secret to text returns [redacted]', (t) => {
  const secret = new Secret('s3cr3t-value');
  const prints = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }, { depth: 5, showHidden: true }),
    `${Object.entries(secret)}`,
  ];
  for (const print of prints) t.notMatch(print, /s3cr3t-value/);
  t.equal(String(secret), '[redacted]');
  t.equal(secret.reveal(), 's3cr3t-value');
  t.end();
});
