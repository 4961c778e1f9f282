// Reads the content of iam.yaml: accounts by ID, each with its users, roles, policies and identity providers.
import { isLoopbackUrl } from '../loopback.js';
import { uniqueId } from './identifiers.js';
import type { AccessKey, Account, MfaDevice, OidcProvider, Role, SamlProvider, Tags, User } from './model.js';
import { type PolicyDocument, readPolicy } from './policy/document.js';
import type { Reader } from './reader.js';
import { readSamlMetadata } from './saml-metadata.js';

const ACCOUNT_ID = /^\d{12}$/;
const NAME = /^[\w+=,.@-]{1,128}$/;
const PATH = /^\/(?:[!-~]+\/)?$/;
const ACCESS_KEY_ID = /^AKIA[A-Z0-9]{16}$/;
const SECRET = /^[A-Za-z0-9/+]{40}$/;
const ROLE_ID = /^AROA[A-Z0-9]{17}$/;
const BASE32 = /^[A-Za-z2-7]{16,}=*$/;
const POLICY_ARN = /^arn:aws:iam::(?:\d{12}|aws):policy\/.+$/;

/** Customer managed policies by ARN. */
type ManagedPolicies = ReadonlyMap<string, PolicyDocument>;

export function readAccounts(root: Reader): Map<string, Account> {
  root.onlyKeys(['accounts']);
  return readNamed(root.required('accounts'), (id, reader) => {
    if (!ACCOUNT_ID.test(id)) reader.addError('Name an account by its 12 digits, in quotes.');
    return readAccount(id, reader);
  });
}

function readAccount(id: string, reader: Reader): Account {
  reader.onlyKeys(['root', 'policies', 'users', 'roles', 'samlProviders', 'oidcProviders']);
  const section = <T>(key: string, read: (name: string, reader: Reader) => T) => {
    const member = reader.optional(key);
    return member ? readNamed(member, read) : new Map<string, T>();
  };
  const policies = new Map(
    [...section('policies', (_, policy) => readPolicy(policy, 'identity'))].map(
      ([name, policy]) => [`arn:aws:iam::${id}:policy/${name}`, policy] as const,
    ),
  );
  const rootUser = reader.optional('root');
  rootUser?.onlyKeys(['accessKeys']);
  return {
    id,
    rootAccessKeys: rootUser ? readAccessKeys(rootUser) : [],
    policies,
    users: section('users', (name, user) => readUser(id, name, user, policies)),
    roles: section('roles', (name, role) => readRole(id, name, role, policies)),
    samlProviders: section('samlProviders', (name, metadata) => readSamlProvider(id, name, metadata)),
    oidcProviders: readOidcProviders(id, reader.optional('oidcProviders')),
  };
}

function readNamed<T>(reader: Reader, read: (name: string, reader: Reader) => T): Map<string, T> {
  return new Map(
    reader.entries().map(([name, member]) => {
      if (!NAME.test(name))
        member.addError(`Invalid IAM name ${name}. Use 1 to 128 letters, digits, and _+=,.@-`);
      return [name, read(name, member)] as const;
    }),
  );
}

function readUser(account: string, name: string, reader: Reader, managed: ManagedPolicies): User {
  reader.onlyKeys(['path', 'accessKeys', 'mfaDevices', 'tags', 'policies']);
  const arn = `arn:aws:iam::${account}:user${readPath(reader)}${name}`;
  return {
    id: uniqueId('AIDA', arn),
    name,
    arn,
    accessKeys: readAccessKeys(reader),
    mfaDevices: reader.optional('mfaDevices')?.list(readMfaDevice) ?? [],
    tags: readTags(reader),
    policies: readPolicies(reader, managed),
  };
}

function readRole(account: string, name: string, reader: Reader, managed: ManagedPolicies): Role {
  reader.onlyKeys(['id', 'path', 'maxSessionDuration', 'trust', 'tags', 'policies']);
  const arn = `arn:aws:iam::${account}:role${readPath(reader)}${name}`;
  if (name.length > 64) reader.addError('A role name has at most 64 characters.');
  return {
    id:
      reader.optional('id')?.text(ROLE_ID, 'AROA and 17 capital letters or digits') ?? uniqueId('AROA', arn),
    name,
    arn,
    maxSessionDuration: reader.optional('maxSessionDuration')?.integer(3600, 43_200) ?? 3600,
    trust: readPolicy(reader.required('trust'), 'trust'),
    tags: readTags(reader),
    policies: readPolicies(reader, managed),
  };
}

const readPath = (reader: Reader): string =>
  reader.optional('path')?.text(PATH, 'a path that begins and ends with /') ?? '/';

function readAccessKeys(reader: Reader): AccessKey[] {
  const keys = reader.optional('accessKeys')?.list((key) => {
    key.onlyKeys(['id', 'secret', 'status']);
    return {
      id: key.required('id').text(ACCESS_KEY_ID, 'AKIA and 16 capital letters or digits'),
      secret: key.required('secret').text(SECRET, '40 characters of A-Z a-z 0-9 / +'),
      status: key.optional('status')?.oneOf(['Active', 'Inactive'] as const) ?? 'Active',
    };
  });
  return keys ?? [];
}

function readMfaDevice(reader: Reader): MfaDevice {
  reader.onlyKeys(['serialNumber', 'seed']);
  return {
    serialNumber: reader.required('serialNumber').text(/^[\w+=/:,.@-]{9,256}$/, 'a serial number or an ARN'),
    seed: reader.required('seed').text(BASE32, 'at least 16 characters of base32'),
  };
}

const readTags = (reader: Reader): Tags =>
  Object.fromEntries(
    reader
      .optional('tags')
      ?.entries()
      .map(([key, value]) => [key, value.scalar()]) ?? [],
  );

/** Inline documents, and ARNs of customer managed policies. AWS managed policies are not available. */
function readPolicies(reader: Reader, managed: ManagedPolicies): PolicyDocument[] {
  const policies = reader.optional('policies')?.list((item) => {
    if (typeof item.value !== 'string') return readPolicy(item, 'identity');
    const arn = item.text(POLICY_ARN, 'a policy document, or the ARN of a managed policy');
    const policy = managed.get(arn);
    if (!policy) item.addError(`Unknown policy ${arn}. Define it under policies of this account.`);
    return policy;
  });
  return policies?.filter((policy) => policy !== undefined) ?? [];
}

function readSamlProvider(account: string, name: string, reader: Reader): SamlProvider {
  const arn = `arn:aws:iam::${account}:saml-provider/${name}`;
  try {
    return { name, arn, ...readSamlMetadata(reader.text()) };
  } catch (error) {
    reader.addError((error as Error).message);
    return { name, arn, entityId: '', certificates: [] };
  }
}

function readOidcProviders(account: string, reader: Reader | undefined): Map<string, OidcProvider> {
  const providers = reader?.list((item) => {
    item.onlyKeys(['url', 'clientIds']);
    const urlReader = item.required('url');
    const url = urlReader.text(
      /^https?:\/\/[^?#]{1,247}$/,
      'a URL of at most 255 characters without a query',
    );
    if (!url.startsWith('https://') && !isLoopbackUrl(url)) {
      urlReader.addError('Write an https URL. http is permitted only for issuers on this machine.');
    }
    const clientIds = item.required('clientIds').list((id) => id.text(/^.{1,255}$/, '1 to 255 characters'));
    if (clientIds.length > 100) item.addError('A provider has at most 100 client IDs.');
    const name = url.replace(/^https?:\/\//, '');
    return [name, { url, arn: `arn:aws:iam::${account}:oidc-provider/${name}`, clientIds }] as const;
  });
  return new Map(providers);
}
