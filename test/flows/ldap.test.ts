// An on-premises script end to end: the IdP checks a password with an LDAP bind and issues an assertion, which is exchanged
// for credentials. OpenLDAP from Debian is the directory, curl the script.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import type { CheckPassword } from '@sallyport/sandbox/internal/users';
import { Client, DN, InvalidCredentialsError } from 'ldapts';
import t, { type Test } from 'tap';
import { startTestBroker } from '../support/broker.js';
import { requirePeer } from '../support/peers.js';

const PEOPLE = 'ou=people,dc=corp,dc=example';
const PASSWORD = 'known to the directory alone';

const LDIF = `dn: dc=corp,dc=example
objectClass: dcObject
objectClass: organization
o: corp

dn: ${PEOPLE}
objectClass: organizationalUnit

dn: uid=alice,${PEOPLE}
objectClass: inetOrgPerson
cn: Alice
sn: Alice
userPassword: ${PASSWORD}
`;

/** A directory with alice in it; its URL. It ends with the test. */
async function startDirectory(t: Test, command: string): Promise<string> {
  const folder = t.testdir();
  await mkdir(join(folder, 'data'));
  const config = join(folder, 'slapd.conf');
  await writeFile(
    config,
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${join(folder, 'slapd.pid')}
database mdb
suffix "dc=corp,dc=example"
directory ${join(folder, 'data')}
access to attrs=userPassword by anonymous auth by * none
access to * by * none
`,
  );
  const ldif = join(folder, 'people.ldif');
  await writeFile(ldif, LDIF);
  await promisify(execFile)(command, ['-T', 'add', '-f', config, '-l', ldif]);
  const url = `ldap://127.0.0.1:${await freePort()}`;
  const slapd = spawn(command, ['-f', config, '-h', url, '-d', 'stats'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(async () => {
    slapd.kill();
    if (slapd.exitCode === null && slapd.signalCode === null) await once(slapd, 'exit');
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    slapd.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('slapd starting')) resolve();
    });
    slapd.once('exit', () => reject(new Error(`slapd ended: ${output}`)));
  });
  return url;
}

/** A bind as the user. Without a password it would be anonymous, and succeed for anybody (RFC 4513 section 5.1.2). */
function bindAt(url: string): CheckPassword {
  return async (name, password) => {
    if (password === '') return false;
    const client = new Client({ url, timeout: 5000, connectTimeout: 5000 });
    try {
      await client.bind(`${new DN({ uid: name })},${PEOPLE}`, password);
      return true;
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return false;
      throw error;
    } finally {
      await client.unbind();
    }
  };
}

const SCRIPT = `
set -eu
answer=$(curl -s "$IDP/assertion" -H 'Content-Type: application/json' -d "{\\"user\\":\\"$LOGIN\\",\\"password\\":\\"$PASSWORD\\"}")
case $answer in *SAMLResponse*) ;; *) echo "$answer" >&2; exit 1 ;; esac
assertion=\${answer#*'"SAMLResponse":"'}
assertion=\${assertion%%'"'*}
curl -s "$BROKER/v1/credentials" --data-urlencode "SAMLResponse=$assertion" -d Role=s3-reader
`;

t.test('an LDAP password yields an assertion from the IdP and credentials from the broker', async (t) => {
  const slapd = requirePeer(t, 'slapd');
  if (!slapd) return;
  if (!requirePeer(t, 'curl')) return;
  const directory = await startDirectory(t, slapd);
  const broker = await startTestBroker(t, { sandbox: { checkPassword: bindAt(directory) } });
  const run = async (login: string, password: string) => {
    const env = {
      ...process.env,
      IDP: broker.sandbox.saml.ssoUrl,
      BROKER: broker.url,
      LOGIN: login,
      PASSWORD: password,
    };
    return promisify(execFile)('sh', ['-c', SCRIPT], { env }).then(
      ({ stdout }) => ({ answer: JSON.parse(stdout), refusal: '' }),
      ({ code, stderr }) => ({ answer: undefined, refusal: `${code}: ${stderr}` }),
    );
  };

  const { answer } = await run('alice', PASSWORD);
  t.match(answer, {
    Credentials: { AccessKeyId: /^ASIA/, SessionToken: /./ },
    AssumedRoleUser: { Arn: /assumed-role\/S3Reader\/alice@corp\.example$/ },
    Sallyport: { Role: 's3-reader', Grant: 'analysts' },
  });
  for (const [login, password, why] of [
    ['alice', 'wrong', 'a wrong password'],
    ['alice', 'sandbox-alice', "the password of the sandbox's own file"],
    ['alice', '', 'none: no anonymous bind'],
    ['bob', PASSWORD, 'a user unknown to the directory'],
    [`alice,${PEOPLE}`, PASSWORD, 'a name that would be another DN'],
    ['ALICE', PASSWORD, 'a name that only the directory considers equal'],
  ] as const) {
    const refused = await run(login, password);
    t.equal(refused.answer, undefined, why);
    t.match(refused.refusal, /^1: \{"error":/, 'no assertion, so nothing to send to the broker');
  }
  t.notMatch(broker.logged(), PASSWORD);
});
