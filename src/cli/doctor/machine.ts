// Checks what the broker needs on its own machine and network: audit log, store, and certificate.
import { X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import type { Config } from '../../config/schema/config.js';
import { readTls } from '../../config/tls.js';
import { openStores } from '../../runtime/open-stores.js';
import { createLog } from '../../telemetry/log.js';
import { type DoctorFinding, failed, ok, skipped, warning } from './finding.js';

/** Milliseconds. A certificate that expires sooner is a warning. */
const EXPIRY_WARNING_MS = 21 * 86_400_000;

export async function* checkMachine(config: Config, now: () => Date): AsyncGenerator<DoctorFinding> {
  for (const sink of config.audit?.sinks ?? [{ type: 'stdout' as const }])
    yield sink.type === 'file'
      ? await checkAuditFile(sink.path)
      : ok('audit stdout', 'records are written to stdout.');
  yield await checkStore(config, now);
  yield await checkCertificate(config, now());
}

/** Does not create the file: it could get the wrong owner. */
async function checkAuditFile(path: string): Promise<DoctorFinding> {
  const check = `audit ${path}`;
  const code = await accessError(path, constants.W_OK);
  if (code === undefined) return ok(check, 'the file is writable.');
  const folder = code === 'ENOENT' ? await accessError(dirname(path), constants.W_OK | constants.X_OK) : code;
  if (folder === undefined) return ok(check, 'the file does not exist and can be created.');
  const todo =
    'Create the folder, and make it writable for the user of the broker. The broker issues no credentials without the audit log.';
  return failed(check, `the current user cannot write the file (${folder}).`, todo);
}

/** Returns the system error code if access is denied, otherwise undefined. */
async function accessError(path: string, mode: number): Promise<string | undefined> {
  try {
    await access(path, mode);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

async function checkStore(config: Config, now: () => Date): Promise<DoctorFinding> {
  const type = config.store?.type ?? 'memory';
  const check = `store ${type}`;
  if (type === 'memory') return ok(check, 'suitable for one replica; several replicas need Redis or Valkey.');
  const todo =
    'Check its URLs, the network, and the ACL user. Requests with single-use proofs fail with 503 until it works.';
  try {
    const stores = await openStores(config, { now, log: createLog('silent') });
    const works = await stores.replay.check();
    await stores.close();
    return works ? ok(check, 'proofs can be claimed.') : failed(check, 'proofs cannot be claimed.', todo);
  } catch {
    return failed(check, 'the CA certificates (tls.ca) cannot be read.', todo);
  }
}

async function checkCertificate({ server }: Config, now: Date): Promise<DoctorFinding> {
  const check = 'certificate';
  if (!server.tls)
    return skipped(check, 'the broker listens for http: TLS is terminated by a proxy, or it is on loopback.');
  const read = await readTls(server.tls);
  if (!read.ok) {
    const [error] = read.errors;
    return failed(
      check,
      error?.message ?? 'it cannot be read.',
      'Clients cannot connect until this is fixed.',
    );
  }
  const certificate = new X509Certificate(read.tls.cert);
  const { validFrom, validTo } = certificate;
  const { hostname } = new URL(server.url);
  const until = new Date(validTo).toISOString().slice(0, 10);
  if (Date.parse(validTo) <= now.getTime())
    return failed(check, `it expired on ${until}.`, 'Renew it. The broker loads the new one automatically.');
  if (Date.parse(validFrom) > now.getTime())
    return failed(
      check,
      `it is not valid before ${new Date(validFrom).toISOString()}.`,
      'Check the clock, or wait.',
    );
  if (!coversHost(certificate, hostname))
    return warning(
      check,
      `it does not cover ${hostname}, the host in server.url.`,
      'Get a certificate for that name.',
    );
  if (Date.parse(validTo) < now.getTime() + EXPIRY_WARNING_MS)
    return warning(check, `it expires on ${until}.`, 'Renew it. The broker loads the new one automatically.');
  return ok(check, `for ${hostname}, valid until ${until}.`);
}

function coversHost(certificate: X509Certificate, hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return (isIP(address) === 0 ? certificate.checkHost(hostname) : certificate.checkIP(address)) !== undefined;
}
