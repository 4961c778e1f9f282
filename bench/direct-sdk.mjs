// The baseline of the benchmark: the SDK with default settings, calling the same STS.
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** As many as the SDK's default handler has sockets for. */
const CONCURRENCY = 50;

export function startDirectSdk({ endpoint, token }) {
  const client = new STSClient({ region: 'eu-west-1', endpoint });
  return {
    /** Calls a second. */
    rate: async (milliseconds) => {
      let calls = 0;
      const start = performance.now();
      const worker = async () => {
        while (performance.now() - start < milliseconds) {
          await client.send(
            new AssumeRoleWithWebIdentityCommand({
              RoleArn: 'arn:aws:iam::111122223333:role/deploy',
              RoleSessionName: 'alice',
              WebIdentityToken: token,
              DurationSeconds: 3600,
            }),
          );
          calls += 1;
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
      return calls / ((performance.now() - start) / 1000);
    },
  };
}
