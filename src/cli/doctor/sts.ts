// Checks that STS is reachable and that its clock and the local clock agree. Signatures and proofs depend on the time.
import { Agent, request } from 'undici';
import { customEndpoints } from '../../config/schema/aws.js';
import type { Config } from '../../config/schema/config.js';
import { partitionHosts } from '../../core/partition.js';
import { type DoctorFinding, failed, ok, skipped, warning } from './finding.js';

/** Milliseconds. */
const TIMEOUT_MS = 5000;
/** Seconds of clock skew up to which STS accepts signatures, and the broker accepts proofs. */
const SIGNATURE_LEEWAY = 300;
const PROOF_LEEWAY = 60;

/** Returns one finding for each STS endpoint that the config uses. */
export async function* checkSts(
  { aws, roles }: Config,
  env: NodeJS.ProcessEnv,
  now: () => Date,
): AsyncGenerator<DoctorFinding> {
  const roleRegions = Object.values(roles).flatMap(({ region }) => region ?? []);
  for (const region of new Set([aws.region, ...(aws.failoverRegions ?? []), ...roleRegions])) {
    const check = `STS ${region}`;
    const endpoint = endpointIn(region, aws, env);
    yield endpoint
      ? await checkEndpoint(check, endpoint, now)
      : skipped(check, 'the AWS SDK determines the endpoint; the check "own identity" below uses it.');
  }
}

/** Returns undefined if the endpoint depends on settings that only the AWS SDK evaluates. */
function endpointIn(region: string, aws: Config['aws'], env: NodeJS.ProcessEnv): string | undefined {
  const configured = customEndpoints(aws)[region] ?? env['AWS_ENDPOINT_URL_STS'];
  if (configured !== undefined || aws.fips || aws.dualStack) return configured;
  const suffix = partitionHosts(region)?.suffix;
  return suffix && `https://sts.${region}.${suffix}`;
}

async function checkEndpoint(check: string, endpoint: string, now: () => Date): Promise<DoctorFinding> {
  const agent = new Agent({ connect: { timeout: TIMEOUT_MS } });
  try {
    const sent = now().getTime();
    const { headers, body } = await request(endpoint, {
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const received = now().getTime();
    body.on('error', () => undefined).destroy();
    const skew = clockSkew(Date.parse(String(headers['date'])), (sent + received) / 2);
    return clockFinding(check, endpoint, skew);
  } catch {
    return failed(
      check,
      `${endpoint} does not respond.`,
      'Check the network, DNS, and proxies. A VPC without internet access needs a VPC endpoint for STS.',
    );
  } finally {
    await agent.destroy();
  }
}

/** Whole seconds between two times in milliseconds. `remote` is truncated to the second. */
const clockSkew = (remote: number, local: number) =>
  Math.round(Math.max(0, remote - local, local - (remote + 1000)) / 1000);

/** `skew` in seconds; NaN if the response has no Date header. */
function clockFinding(check: string, endpoint: string, skew: number): DoctorFinding {
  if (Number.isNaN(skew)) {
    const message = `${endpoint} responds without a Date header.`;
    return warning(check, message, 'Check that the endpoint is STS.');
  }
  if (skew <= PROOF_LEEWAY) return ok(check, `${endpoint} responds; clock skew ${skew} s.`);
  const message = `${endpoint} responds; clock skew ${skew} s.`;
  const todo = 'Synchronize the clock of this machine with NTP.';
  return skew <= SIGNATURE_LEEWAY
    ? warning(check, message, `Proofs may be rejected as expired or not yet valid. ${todo}`)
    : failed(check, message, `STS rejects signatures with this clock. ${todo}`);
}
