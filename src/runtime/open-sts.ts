// Opens the STS clients for the section `aws` of the config.
import { Secret } from '@sallyport/client/internal/secret';
import { customEndpoints, deadlineMs } from '../config/schema/aws.js';
import type { Config } from '../config/schema/config.js';
import { Sts, type StsOptions } from '../issuance/sts/sts.js';

/** Signed calls use the broker's own credentials: those of the config, or the default provider chain of the AWS SDK. */
export function openSts(aws: Config['aws'], options: Pick<StsOptions, 'log' | 'observer'>): Sts {
  const { region, failoverRegions, fips, dualStack, credentials: keys } = aws;
  return new Sts({
    region,
    endpoints: customEndpoints(aws),
    deadlineMs: deadlineMs(aws),
    ...(failoverRegions && { failoverRegions }),
    ...(fips !== undefined && { fips }),
    ...(dualStack !== undefined && { dualStack }),
    ...(keys && {
      credentials: {
        accessKeyId: keys.accessKeyId,
        secretAccessKey: new Secret(keys.secretAccessKey),
        ...(keys.sessionToken !== undefined && { sessionToken: new Secret(keys.sessionToken) }),
      },
    }),
    ...options,
    now: Date.now,
  });
}
