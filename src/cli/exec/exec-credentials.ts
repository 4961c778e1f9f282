// How `sallyport exec` gives credentials to the program it runs: as they are, or through an endpoint on loopback that
// keeps them fresh. Either way in environment variables, which other users of the machine cannot read.
import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { requestCredentials } from '@sallyport/client/internal/request-credentials';
import { withRetry } from '@sallyport/client/internal/retry';
import type { Log } from '../../core/ports.js';
import { toIsoSeconds } from '../../core/time.js';
import type { Proof, SessionParameters } from '../../core/types.js';
import { openSidecar } from '../../sidecar/server.js';
import { configFile, credentialsFile } from '../configure/profile-files.js';
import { describeFailure } from '../output/print.js';

export interface Given {
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface Wanted {
  readonly broker: string;
  readonly parameters: SessionParameters;
  bring(): Promise<Proof>;
  /** Says something to the person. */
  note(sentence: string): void;
}

/** Credentials for as long as they last. */
export async function credentialsEnvironment({ broker, parameters, bring, note }: Wanted): Promise<Given> {
  const proof = await bring();
  const { credentials, accountId } = await withRetry(
    (timeout) => requestCredentials({ broker, proof, parameters, timeout }),
    { onRetry: onceTold(note) },
  );
  return {
    variables: {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey.reveal(),
      AWS_SESSION_TOKEN: credentials.sessionToken.reveal(),
      AWS_CREDENTIAL_EXPIRATION: toIsoSeconds(credentials.expiration),
      ...(accountId !== undefined && { AWS_ACCOUNT_ID: accountId }),
    },
    close: async () => {},
  };
}

/** An endpoint for as long as the program runs. Resolves when it has credentials. */
export async function serveCredentials({ broker, parameters, bring, note }: Wanted): Promise<Given> {
  const quiet = () => {};
  let warn = (_: unknown) => {};
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: ({ err }: { readonly err?: unknown }) => warn(err),
    error: quiet,
  };
  const sidecar = await openSidecar({ broker, roles: [parameters], bring, log });
  try {
    await withRetry(() => sidecar.ready(), { onRetry: onceTold(note) });
  } catch (error) {
    await sidecar.close();
    throw error;
  }
  warn = (error) => note(`The credentials could not be renewed. ${describeFailure(error)}`);
  if ([configFile(), credentialsFile()].some((file) => existsSync(file)))
    note(
      '~/.aws/config and ~/.aws/credentials are not read: a profile there would win. --region names the region.',
    );
  return {
    variables: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: sidecar.url(parameters.role),
      AWS_CONTAINER_AUTHORIZATION_TOKEN: sidecar.authorizationToken.reveal(),
      // SDKs come to a container's endpoint last, after the default profile.
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      // Python also comes before it to ~/.boto and /etc/boto.cfg, unless this is set.
      BOTO_CONFIG: devNull,
    },
    close: () => sidecar.close(),
  };
}

/** One line for a broker that is away, however often it is tried. */
function onceTold(note: Wanted['note']): (error: Error) => void {
  let told = false;
  return ({ message }) => {
    if (!told) note(`${message} Retrying.`);
    told = true;
  };
}
