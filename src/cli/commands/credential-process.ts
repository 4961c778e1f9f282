// `sallyport credential-process`: the command for `credential_process` in ~/.aws/config. Only the JSON goes to
// stdout. Credentials are cached on disk, because SDKs run the process several times and cache nothing between runs.
import { isAbsolute, join } from 'node:path';
import { getCachedCredentials, proofCacheKey } from '@sallyport/client/internal/disk-cache';
import { type BrokerCredentials, requestCredentials } from '@sallyport/client/internal/request-credentials';
import { withRetry } from '@sallyport/client/internal/retry';
import type { Command } from 'commander';
import { processCredentials } from '../../core/credentials-json.js';
import {
  addCredentialProcessOptions,
  type CredentialProcessOptions,
} from '../options/credential-process-options.js';
import { resolveBrokerUrl, sessionParametersOf } from '../options/session-options.js';
import { selectProofSource } from '../proof/proof-options.js';
import type { Terminal } from '../terminal.js';

/** Milliseconds for retries. Users wait, and some SDKs time out after a minute. */
const RETRY_TIMEOUT_MS = 10_000;

export function registerCredentialProcess(program: Command, terminal: Terminal): void {
  const command = program
    .command('credential-process')
    .description('print credentials in the format that AWS SDKs expect from a credential_process');
  addCredentialProcessOptions(command, terminal).action(async (options: CredentialProcessOptions) => {
    const { credentials, accountId } = await getCredentials(options, terminal);
    terminal.print(JSON.stringify(processCredentials(credentials, accountId)));
  });
}

async function getCredentials(
  options: CredentialProcessOptions,
  terminal: Terminal,
): Promise<BrokerCredentials> {
  const broker = await resolveBrokerUrl(options.broker, terminal);
  const parameters = sessionParametersOf(options);
  const source = selectProofSource(options, terminal);
  // With an interactive source, the caller is unknown before the sign-in. The cache entry belongs to the user who signed in.
  const knownProof = source.interactive ? undefined : await source.read();
  const report = (message: string) => terminal.printError(`sallyport: ${message}`);
  const request = async (timeout?: number) => {
    const proof = knownProof ?? (await source.read());
    return withRetry(
      () => requestCredentials({ broker, proof, parameters, ...(timeout !== undefined && { timeout }) }),
      { timeout: timeout ?? RETRY_TIMEOUT_MS, onRetry: ({ message }) => report(`${message} Retrying.`) },
    );
  };
  if (!options.cache) return request();
  return getCachedCredentials({
    folder: cacheFolder(terminal),
    key: [broker, parameters, source.args, knownProof && proofCacheKey(knownProof)],
    request,
    report,
    now: () => new Date(),
  });
}

/** XDG Base Directory Specification: a relative path is ignored. */
function cacheFolder({ env, homeFolder }: Terminal): string {
  const { XDG_CACHE_HOME: cacheHome = '' } = env;
  return join(isAbsolute(cacheHome) ? cacheHome : join(homeFolder, '.cache'), 'sallyport');
}
