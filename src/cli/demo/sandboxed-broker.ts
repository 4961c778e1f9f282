// The sandbox with a broker in front, as `dev` and `demo` run it. What it writes (config, IdP metadata, signing key,
// audit log) is in its own folder, which is deleted when it closes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@sallyport/sandbox/internal/free-port';
import {
  readExample,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '@sallyport/sandbox/internal/sandbox';
import type { Log } from '../../core/ports.js';
import { generateKey } from '../../issuance/oidc-issuer/rotate-keys.js';
import { configErrorText } from '../output/errors.js';
import { startBroker } from '../start-broker.js';

interface BrokerFiles {
  readonly configFile: string;
  readonly auditFile: string;
  /** Folder of the signing keys. */
  readonly keyFolder: string;
}

export interface SandboxedBroker extends BrokerFiles {
  readonly url: string;
  /** Where a browser signs in, at the sandbox's SAML IdP. */
  readonly signInUrl: string;
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

export interface SandboxedBrokerOptions {
  readonly log: Log;
  /** The broker's port; 0 selects a free port. */
  readonly port?: number;
  readonly sandbox?: Omit<SandboxOptions, 'brokerUrl'>;
  /** Text of another config than the sandbox's own, with the same `${sandbox:…}` to fill in. */
  readonly config?: string;
}

/** Rejects, with everything closed and removed again, if a part cannot start. */
export async function startSandboxedBroker({
  log,
  port = 0,
  sandbox: options,
  config,
}: SandboxedBrokerOptions): Promise<SandboxedBroker> {
  // The broker's URL is part of its config and of IAM, so its port must be known before anything starts.
  const brokerPort = port === 0 ? await freePort() : port;
  const sandbox = await startSandbox({ ...options, brokerUrl: urlAt(brokerPort) });
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-'));
  const closeSandbox = async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const files = await writeConfig(sandbox, folder, brokerPort, config);
    const started = await startBroker(files.configFile, log, process.env);
    if (!started.ok) {
      throw new Error(configErrorText(started.errors, 'The config of the sandbox is invalid.'));
    }
    const close = async () => {
      await started.broker.close();
      await closeSandbox();
    };
    const { url } = started;
    return { url, signInUrl: `${url}/login/people`, ...files, sandbox, close };
  } catch (error) {
    await closeSandbox();
    throw error;
  }
}

/**
 * Writes the files that a broker at a port needs to work with the sandbox: the completed config and the files it names. `text`:
 * another config than the sandbox's own.
 */
export async function writeConfig(
  sandbox: Sandbox,
  folder: string,
  port: number,
  text?: string,
): Promise<BrokerFiles> {
  const configFile = join(folder, 'sallyport.yaml');
  const auditFile = join(folder, 'audit.jsonl');
  const metadataFile = join(folder, 'idp-metadata.xml');
  const keyFolder = join(folder, 'keys');
  await writeFile(metadataFile, sandbox.saml.metadata);
  await generateKey(keyFolder, { now: new Date() });
  const config = fill(text ?? (await readExample('sallyport.yaml')), {
    'broker.url': urlAt(port),
    'broker.port': String(port),
    'sts.url': sandbox.sts.url,
    'console.signin': sandbox.consoleSignin.endpoint,
    'oidc.issuer': sandbox.oidc.issuer,
    'saml.metadata': metadataFile,
    keys: keyFolder,
    audit: auditFile,
  });
  await writeFile(configFile, config, { mode: 0o600 });
  return { configFile, auditFile, keyFolder };
}

const urlAt = (port: number) => `http://127.0.0.1:${port}`;

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{sandbox:([A-Za-z.]+)\}/g, (whole, name: string) => values[name] ?? whole);
}
