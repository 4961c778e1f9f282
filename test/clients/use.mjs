// A program with the AWS SDK for JavaScript: uses its credentials at the STS of argv[2], once for each line on stdin.
// Prints a line of JSON: the identity, or the error that a user sees. "age" makes the credentials expire first.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromSallyport } from '@sallyport/client';

const [endpoint, url, role, tokenFile] = process.argv.slice(2);

/** Milliseconds by which this program's clock is ahead. */
let ahead = 0;
const { now } = Date;
Date.now = () => now() + ahead;

const own = url && { credentials: fromSallyport({ url, role, token: () => readFile(tokenFile, 'utf8') }) };
const sts = new STSClient({ endpoint, ...own });

/** Moves the clock past the expiration while the credentials are read. */
async function age() {
  const { expiration } = await sts.config.credentials();
  ahead = expiration.getTime() + 1 - now();
  try {
    await sts.config.credentials();
  } finally {
    ahead = 0;
  }
}

async function use() {
  const { Arn } = await sts.send(new GetCallerIdentityCommand());
  const { accessKeyId } = await sts.config.credentials();
  return { arn: Arn, accessKeyId };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    if (line === 'age') await age();
    said = await use();
  } catch ({ message }) {
    said = { error: message };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
