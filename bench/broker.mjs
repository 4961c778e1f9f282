// A complete broker with an issuer and an STS stub that responds immediately. Without rate limits.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../dist/cli/start-broker.js';
import { startIssuer } from './issuer.mjs';
import { startStsStub } from './sts-stub.mjs';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const unlimited = { requests: 1_000_000_000, per: '1m' };

/**
 * `roles`: as in a config; every caller is permitted all of them. `stsUrl`: an STS in another process; default: one of
 * its own. `sink`: of the audit log.
 */
export async function startBenchBroker({ roles, stsUrl, sink = { type: 'file', path: './audit.jsonl' } }) {
  const issuer = await startIssuer();
  const sts = stsUrl === undefined ? await startStsStub() : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const file = join(folder, 'sallyport.yaml');
  const config = {
    server: { url: 'http://127.0.0.1:8443', listen: { port: 0 } },
    aws: {
      region: 'eu-west-1',
      endpoint: stsUrl ?? sts.url,
      credentials: { accessKeyId: 'AKIAEXAMPLEEXAMPLE00', secretAccessKey: 'bench' },
    },
    issuers: { bench: { type: 'oidc', issuer: issuer.url, audience: 'sallyport' } },
    roles,
    grants: [{ id: 'all', issuer: 'bench', match: {}, roles: ['*'] }],
    audit: { sinks: [sink] },
    limits: { perAddress: unlimited, perPrincipal: unlimited },
  };
  await writeFile(file, JSON.stringify(config));
  const started = await startBroker(file, silent, process.env);
  if (!started.ok) throw new Error(JSON.stringify(started.errors));
  return {
    url: started.url,
    token: issuer.token,
    stsCalls: sts?.calls,
    close: async () => {
      await started.broker.close();
      await Promise.all([issuer.close(), sts?.close()]);
      await rm(folder, { recursive: true });
    },
  };
}
