// What the broker needs of its own machine and network: the audit log, the store, the certificate.
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

/** Milliseconds: a certificate that ends sooner is a warning. */
const SOON = 21 * 86_400_000;

export async function* checkMachine(config: Config, now: () => Date): AsyncGenerator<DoctorFinding> {
  for (const sink of config.audit?.sinks ?? [{ type: 'stdout' as const }])
    yield sink.type === 'file' ? await examineFile(sink.path) : ok('audit stdout', 'records go to stdout.');
  yield await examineStore(config, now);
  yield await examineCertificate(config, now());
}

/** Looks only: a file made here could belong to the wrong user. */
async function examineFile(path: string): Promise<DoctorFinding> {
  const check = `audit ${path}`;
  const code = await refusedCode(path, constants.W_OK);
  if (code === undefined) return ok(check, 'the file can be written.');
  const folder = code === 'ENOENT' ? await refusedCode(dirname(path), constants.W_OK | constants.X_OK) : code;
  if (folder === undefined) return ok(check, 'the file is not there yet, and can be made.');
  const todo =
    'Make the folder, and let the user write there who runs the broker. Nothing is issued without the audit log.';
  return failed(check, `it cannot be written by the user who runs this (${folder}).`, todo);
}

/** Why not; undefined: it may. */
async function refusedCode(path: string, mode: number): Promise<string | undefined> {
  try {
    await access(path, mode);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

async function examineStore(config: Config, now: () => Date): Promise<DoctorFinding> {
  const type = config.store?.type ?? 'memory';
  const check = `store ${type}`;
  if (type === 'memory') return ok(check, 'good for one replica; several need Redis or Valkey.');
  const todo =
    'Check its URLs, the network, and the user of the ACL. Until it works, single-use proofs get 503.';
  try {
    const stores = await openStores(config, { now, log: createLog('silent') });
    const works = await stores.replay.check();
    await stores.close();
    return works ? ok(check, 'claims can be made.') : failed(check, 'claims cannot be made.', todo);
  } catch {
    return failed(check, 'its certificate authorities (tls.ca) cannot be read.', todo);
  }
}

async function examineCertificate({ server }: Config, now: Date): Promise<DoctorFinding> {
  const check = 'certificate';
  if (!server.tls)
    return skipped(check, 'the broker speaks http: TLS ends in a proxy, or it is on loopback.');
  const read = await readTls(server.tls);
  if (!read.ok) {
    const [fault] = read.errors;
    return failed(check, fault?.message ?? 'it cannot be read.', 'Callers cannot connect.');
  }
  const certificate = new X509Certificate(read.tls.cert);
  const { validFrom, validTo } = certificate;
  const { hostname } = new URL(server.url);
  const until = new Date(validTo).toISOString().slice(0, 10);
  if (Date.parse(validTo) <= now.getTime())
    return failed(check, `it ended on ${until}.`, 'Renew it; the broker takes the new one by itself.');
  if (Date.parse(validFrom) > now.getTime())
    return failed(check, `it begins on ${new Date(validFrom).toISOString()}.`, 'Check the clock, or wait.');
  if (!isFor(certificate, hostname))
    return warning(
      check,
      `it is not for ${hostname}, the host of server.url.`,
      'Get one with that name in it.',
    );
  if (Date.parse(validTo) < now.getTime() + SOON)
    return warning(check, `it ends on ${until}.`, 'Renew it; the broker takes the new one by itself.');
  return ok(check, `for ${hostname}, until ${until}.`);
}

function isFor(certificate: X509Certificate, hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return (isIP(address) === 0 ? certificate.checkHost(hostname) : certificate.checkIP(address)) !== undefined;
}
