// Whether STS can be reached, and whether its clock and ours agree: signatures and proofs both go by the time.
import { Agent, request } from 'undici';
import { customEndpoints } from '../../config/schema/aws.js';
import type { Config } from '../../config/schema/config.js';
import { partitionHosts } from '../../core/partition.js';
import { type DoctorFinding, failed, ok, skipped, warning } from './finding.js';

/** Milliseconds. */
const TIMEOUT = 5000;
/** Seconds. STS refuses signatures beyond the first; proofs are refused beyond the second. */
const SIGNATURE_LEEWAY = 300;
const PROOF_LEEWAY = 60;

/** One finding for each endpoint that the config's roles use. */
export async function* checkSts({ aws, roles }: Config, now: () => Date): AsyncGenerator<DoctorFinding> {
  const own = Object.values(roles).flatMap(({ region }) => region ?? []);
  for (const region of new Set([aws.region, ...(aws.failoverRegions ?? []), ...own])) {
    const check = `STS ${region}`;
    const endpoint = endpointIn(region, aws);
    yield endpoint
      ? await examineEndpoint(check, endpoint, now)
      : skipped(check, 'where it is only the AWS SDK knows; the own identity below is asked there.');
  }
}

function endpointIn(region: string, aws: Config['aws']): string | undefined {
  const own = customEndpoints(aws)[region] ?? process.env['AWS_ENDPOINT_URL_STS'];
  if (own !== undefined || aws.fips || aws.dualStack) return own;
  const suffix = partitionHosts(region)?.suffix;
  return suffix && `https://sts.${region}.${suffix}`;
}

async function examineEndpoint(check: string, endpoint: string, now: () => Date): Promise<DoctorFinding> {
  const agent = new Agent({ connect: { timeout: TIMEOUT } });
  try {
    const sent = now().getTime();
    const { headers, body } = await request(endpoint, {
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const received = now().getTime();
    body.on('error', () => undefined).destroy();
    return judgeClock(check, endpoint, skewOf(Date.parse(String(headers['date'])), (sent + received) / 2));
  } catch {
    return failed(
      check,
      `nothing answers at ${endpoint}.`,
      'Check the network, DNS and proxies on the way; a VPC without internet needs an endpoint for STS.',
    );
  } finally {
    await agent.destroy();
  }
}

/** Whole seconds between two times in milliseconds; `theirs` was cut to the second. */
const skewOf = (theirs: number, ours: number) =>
  Math.round(Math.max(0, theirs - ours, ours - (theirs + 1000)) / 1000);

/** `skew` in seconds; not a number where STS told no time. */
function judgeClock(check: string, endpoint: string, skew: number): DoctorFinding {
  if (Number.isNaN(skew)) {
    const message = `${endpoint} answers, without saying what time it is.`;
    return warning(check, message, 'Check that it is STS.');
  }
  if (skew <= PROOF_LEEWAY) return ok(check, `${endpoint} answers; the clocks differ by ${skew} s.`);
  const message = `${endpoint} answers; the clocks differ by ${skew} s.`;
  const todo = "Set this machine's clock by NTP.";
  return skew <= SIGNATURE_LEEWAY
    ? warning(check, message, `Proofs may be refused as expired or not valid yet. ${todo}`)
    : failed(check, message, `STS refuses what is signed by this clock. ${todo}`);
}
