// `sallyport credential-process`: what an SDK runs by `credential_process` in ~/.aws/config. Its JSON alone goes to
// stdout. Between runs credentials are kept on disk, for SDKs keep none and run it several times a command.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { getCachedCredentials, proofCacheKey } from '@sallyport/client/internal/disk-cache';
import { type BrokerCredentials, requestCredentials } from '@sallyport/client/internal/request-credentials';
import { withRetry } from '@sallyport/client/internal/retry';
import type { Command } from 'commander';
import { brokerUrl } from '../broker-url.js';
import { err, out } from '../output/print.js';
import { addProcessOptions, type ProcessOptions } from '../process-options.js';
import { proofSource } from '../proof/proof-options.js';
import { sessionParametersOf } from '../session-options.js';

/** Milliseconds for which a broker that is away is tried: SDKs and people wait, some SDKs a minute at most. */
const PATIENCE = 10_000;

export function registerCredentialProcess(program: Command): void {
  const command = program
    .command('credential-process')
    .description('print credentials as the AWS SDKs read them from a credential_process');
  addProcessOptions(command).action(async (options: ProcessOptions) =>
    out(credentialsJson(await credentialsOf(options))),
  );
}

async function credentialsOf(options: ProcessOptions): Promise<BrokerCredentials> {
  const broker = await brokerUrl(options.broker);
  const parameters = sessionParametersOf(options);
  const source = proofSource(options);
  // Without asking a person nobody can say who would sign in: the entry is of whoever did.
  const brought = source.asksPerson ? undefined : await source.bring();
  const report = (sentence: string) => err(`sallyport: ${sentence}`);
  const request = async (timeout?: number) => {
    const proof = brought ?? (await source.bring());
    return withRetry(
      () => requestCredentials({ broker, proof, parameters, ...(timeout !== undefined && { timeout }) }),
      { timeout: timeout ?? PATIENCE, onRetry: ({ message }) => report(`${message} Retrying.`) },
    );
  };
  if (!options.cache) return request();
  return getCachedCredentials({
    folder: cacheFolder(process.env),
    key: [broker, parameters, source.args, brought && proofCacheKey(brought)],
    request,
    report,
    now: () => new Date(),
  });
}

/** XDG Base Directory Specification: a path that is not absolute is ignored. */
function cacheFolder({ XDG_CACHE_HOME: caches = '' }: NodeJS.ProcessEnv): string {
  return join(isAbsolute(caches) ? caches : join(homedir(), '.cache'), 'sallyport');
}

/** Version 1 of the format. `Expiration` ends in `Z`: some SDKs take nothing else. */
function credentialsJson({ credentials, accountId }: BrokerCredentials): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey.reveal(),
    SessionToken: credentials.sessionToken.reveal(),
    Expiration: credentials.expiration.toISOString(),
    AccountId: accountId,
  });
}
