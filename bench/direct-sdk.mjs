// What the broker is measured against, in a process of its own: the SDK as it comes, calling the same STS.
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';

const [, , endpoint, token] = process.argv;
/** As many as the SDK's default handler has sockets for. */
const CONCURRENCY = 50;

const client = new STSClient({ region: 'eu-west-1', endpoint });

async function rate(milliseconds) {
  let calls = 0;
  const start = performance.now();
  const worker = async () => {
    while (performance.now() - start < milliseconds) {
      await client.send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: 'arn:aws:iam::111122223333:role/bench',
          RoleSessionName: 'bench',
          WebIdentityToken: token,
          DurationSeconds: 3600,
        }),
      );
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return calls / ((performance.now() - start) / 1000);
}

process.on('message', async ({ milliseconds }) => process.send({ rate: await rate(milliseconds) }));
process.on('disconnect', () => process.exit());
process.send({});
