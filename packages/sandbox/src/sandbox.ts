// Starts the sandbox: an OIDC provider, a SAML IdP, STS with its IAM, and console sign-in, configured for each other.
import { readFile } from 'node:fs/promises';
import { type ConsoleSigninServer, startConsoleSignin } from './console/server.js';
import { loadIam } from './iam/load.js';
import { type OidcServer, startOidc } from './oidc/server.js';
import { type SamlIdpServer, startSamlIdp } from './saml/server.js';
import { type StsServer, startSts } from './sts/server.js';
import { type CheckPassword, loadUsers, type SandboxUser } from './users.js';

/** The default files of the sandbox. */
const EXAMPLES = new URL('../examples/', import.meta.url);

/** Values of the assertion's Role attribute, the same for every user. */
const SAML_ROLES = [
  'arn:aws:iam::111122223333:role/S3Reader,arn:aws:iam::111122223333:saml-provider/SandboxIdp',
];

export interface SandboxOptions {
  /** Path of a file like examples/iam.yaml, which is the default. */
  readonly iamFile?: string | undefined;
  /** Path of a file like examples/users.yaml, which is the default. */
  readonly usersFile?: string | undefined;
  /** URL of the broker whose tokens STS accepts. Default http://127.0.0.1:8443. */
  readonly brokerUrl?: string | undefined;
  /** Checks passwords for the SAML IdP, in place of the users file. */
  readonly checkPassword?: CheckPassword;
  /** Ports to listen on. Default 0: a free port. */
  readonly ports?: {
    readonly sts?: number;
    readonly oidc?: number;
    readonly saml?: number;
    readonly consoleSignin?: number;
  };
}

export interface Sandbox {
  readonly users: readonly SandboxUser[];
  readonly oidc: OidcServer;
  readonly saml: SamlIdpServer;
  readonly sts: StsServer;
  readonly consoleSignin: ConsoleSigninServer;
  close(): Promise<void>;
}

/** The URLs of the sandbox and its users, as `sallyport-sandbox --json` prints them. */
export interface SandboxAddresses {
  /** Endpoint URL of STS. */
  readonly sts: string;
  /** URL of the federation endpoint of console sign-in. */
  readonly consoleSignin: string;
  readonly oidc: { readonly issuer: string };
  readonly saml: {
    /** URL of the metadata document. */
    readonly metadata: string;
    /** URL of single sign-on. */
    readonly sso: string;
  };
  readonly users: { readonly name: string; readonly password: string; readonly groups: string[] }[];
}

export const sandboxAddresses = ({ sts, consoleSignin, oidc, saml, users }: Sandbox): SandboxAddresses => ({
  sts: sts.url,
  consoleSignin: consoleSignin.endpoint,
  oidc: { issuer: oidc.issuer },
  saml: { metadata: saml.metadataUrl, sso: saml.ssoUrl },
  users: users.map(({ name, password, groups }) => ({ name, password, groups: [...groups] })),
});

/** The issuer's URL without its scheme, as IAM's ARNs and condition keys have it. */
const hostOf = (url: string) => url.replace(/^https?:\/\//, '');

/** The text of one of the default files, e.g. `iam.yaml`. */
export const readExample = (name: 'iam.yaml' | 'sallyport.yaml' | 'users.yaml') =>
  readFile(new URL(name, EXAMPLES), 'utf8');

async function readOptionFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The file ${path} cannot be read (${error.code}).`, { cause: error });
  });
}

/** Starts all servers. If one cannot start, closes the others and rejects. */
export async function startSandbox({
  iamFile,
  usersFile,
  brokerUrl = 'http://127.0.0.1:8443',
  checkPassword,
  ports = {},
}: SandboxOptions = {}): Promise<Sandbox> {
  const users = loadUsers(await (usersFile ? readOptionFile(usersFile) : readExample('users.yaml')));
  const iamText = await (iamFile ? readOptionFile(iamFile) : readExample('iam.yaml'));
  const started: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const server of started.splice(0).reverse()) await server.close();
  };
  const track = <T extends { close(): Promise<void> }>(server: T): T => {
    started.push(server);
    return server;
  };
  try {
    const oidc = track(await startOidc({ users, port: ports.oidc ?? 0 }));
    const saml = track(
      await startSamlIdp({
        users,
        port: ports.saml ?? 0,
        roles: () => SAML_ROLES,
        ...(checkPassword && { checkPassword }),
      }),
    );
    const iam = loadIam(iamText, {
      'oidc.issuer': oidc.issuer,
      'oidc.host': hostOf(oidc.issuer),
      'broker.url': brokerUrl,
      'broker.host': hostOf(brokerUrl),
      'saml.metadata': saml.metadata,
    });
    const sts = track(await startSts({ iam, port: ports.sts ?? 0 }));
    const consoleSignin = track(
      await startConsoleSignin({ openSession: sts.openSession, port: ports.consoleSignin ?? 0 }),
    );
    return { users, oidc, saml, sts, consoleSignin, close };
  } catch (error) {
    await close();
    throw error;
  }
}
