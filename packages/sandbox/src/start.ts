// The whole sandbox: OIDC provider, SAML IdP, STS and sign-in on loopback ports, knowing each other.
import { readFile } from 'node:fs/promises';
import { type ConsoleSigninServer, startConsoleSignin } from './console/server.js';
import type { DevState } from './dev-state.js';
import { loadIam } from './iam/load.js';
import { type OidcServer, startOidc } from './oidc/server.js';
import { type SamlIdpServer, startSamlIdp } from './saml/server.js';
import { type StsServer, startSts } from './sts/server.js';
import { type CheckPassword, loadUsers, type SandboxUser } from './users.js';

/** Folder of the sandbox's own files, in the repository and in the package. */
const FILES = new URL('../examples/', import.meta.url);

/** What every sandbox user gets offered in the assertion's Role attribute. */
const SAML_ROLES = [
  'arn:aws:iam::111122223333:role/S3Reader,arn:aws:iam::111122223333:saml-provider/SandboxIdp',
];

export interface SandboxOptions {
  /** Other files than the sandbox's own. */
  readonly iamFile?: string;
  readonly usersFile?: string;
  /** The broker whose tokens its STS accepts. Default http://127.0.0.1:8443. */
  readonly brokerUrl?: string;
  /** What the SAML IdP asks instead of the users file. */
  readonly checkPassword?: CheckPassword;
  /** Ports to listen on; a free one where none is given. */
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

/** Where its parts are, and who can sign in: what a script needs to use it. */
export type Addresses = Pick<DevState, 'sts' | 'consoleSignin' | 'oidc' | 'saml' | 'users'>;

export const addresses = ({ sts, consoleSignin, oidc, saml, users }: Sandbox): Addresses => ({
  sts: sts.url,
  consoleSignin: consoleSignin.endpoint,
  oidc: { issuer: oidc.issuer },
  saml: { metadata: saml.metadataUrl, sso: saml.ssoUrl },
  users: users.map(({ name, password, groups }) => ({ name, password, groups: [...groups] })),
});

/** How ARNs and condition keys of IAM name an issuer. */
const hostOf = (url: string) => url.replace(/^https?:\/\//, '');

export const sandboxFile = (name: string) => readFile(new URL(name, FILES), 'utf8');

/** Rejects, with everything closed again, if one of them cannot start. */
export async function startSandbox({
  iamFile,
  usersFile,
  brokerUrl = 'http://127.0.0.1:8443',
  checkPassword,
  ports = {},
}: SandboxOptions = {}): Promise<Sandbox> {
  const users = loadUsers(await (usersFile ? readFile(usersFile, 'utf8') : sandboxFile('users.yaml')));
  const iamText = await (iamFile ? readFile(iamFile, 'utf8') : sandboxFile('iam.yaml'));
  const started: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const server of started.splice(0).reverse()) await server.close();
  };
  const keep = <T extends { close(): Promise<void> }>(server: T): T => {
    started.push(server);
    return server;
  };
  try {
    const oidc = keep(await startOidc({ users, port: ports.oidc ?? 0 }));
    const saml = keep(
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
    const sts = keep(await startSts({ iam, port: ports.sts ?? 0 }));
    const consoleSignin = keep(
      await startConsoleSignin({ openSession: sts.openSession, port: ports.consoleSignin ?? 0 }),
    );
    return { users, oidc, saml, sts, consoleSignin, close };
  } catch (error) {
    await close();
    throw error;
  }
}
