// How `exec` passes credentials to its child: as keys, or through a loopback endpoint that refreshes them. Both use
// environment variables, which other users of the machine cannot read.
import { existsSync } from 'node:fs';
import { devNull } from 'node:os';
import { requestCredentials } from '@sallyport/client/internal/request-credentials';
import { withRetry } from '@sallyport/client/internal/retry';
import type { Log } from '../../core/ports.js';
import { toIsoSeconds } from '../../core/time.js';
import type { Proof, SessionParameters } from '../../core/types.js';
import { Sidecar } from '../../sidecar/sidecar.js';
import { awsConfigFile, awsCredentialsFile } from '../configure/aws-profile.js';
import { errorMessage } from '../output/errors.js';
import type { Terminal } from '../terminal.js';

export interface ExecCredentials {
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface ExecCredentialsOptions {
  readonly broker: string;
  readonly parameters: SessionParameters;
  getProof(): Promise<Proof>;
  /** Prints a message for the user. */
  report(message: string): void;
}

/** Keys in the environment. They are not refreshed. */
export async function keysInEnvironment({
  broker,
  parameters,
  getProof,
  report,
}: ExecCredentialsOptions): Promise<ExecCredentials> {
  const proof = await getProof();
  const { credentials, accountId } = await withRetry(
    (timeout) => requestCredentials({ broker, proof, parameters, timeout }),
    { onRetry: reportOnce(report) },
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

/** A container credentials endpoint that runs as long as the child. Resolves when it has credentials. */
export async function loopbackEndpoint(
  { broker, parameters, getProof, report }: ExecCredentialsOptions,
  terminal: Terminal,
): Promise<ExecCredentials> {
  const ignore = () => {};
  let onWarning = (_: unknown) => {};
  const log: Log = {
    debug: ignore,
    info: ignore,
    warn: ({ err }: { readonly err?: unknown }) => onWarning(err),
    error: ignore,
  };
  const sidecar = await Sidecar.start({ broker, roles: [parameters], getProof, log });
  try {
    await withRetry(() => sidecar.ready(), { onRetry: reportOnce(report) });
  } catch (error) {
    await sidecar.close();
    throw error;
  }
  onWarning = (error) => report(`The credentials could not be refreshed. ${errorMessage(error)}`);
  if ([awsConfigFile(terminal), awsCredentialsFile(terminal)].some((file) => existsSync(file)))
    report(
      'The command does not read ~/.aws/config and ~/.aws/credentials, because a profile would take precedence. Use --region to set the region.',
    );
  return {
    variables: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: sidecar.url(parameters.role),
      AWS_CONTAINER_AUTHORIZATION_TOKEN: sidecar.authorizationToken.reveal(),
      // SDKs try a container endpoint last, after the default profile.
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      // Unless this is set, Python also tries ~/.boto and /etc/boto.cfg first.
      BOTO_CONFIG: devNull,
    },
    close: () => sidecar.close(),
  };
}

/** Reports the first of several errors only. */
function reportOnce(report: ExecCredentialsOptions['report']): (error: Error) => void {
  let isReported = false;
  return ({ message }) => {
    if (!isReported) report(`${message} Retrying.`);
    isReported = true;
  };
}
