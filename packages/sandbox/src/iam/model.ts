// The part of IAM that STS evaluates: accounts with users, roles and identity providers. The maps are mutable, because
// IAM changes while STS runs: a role can be deleted, or replaced by a role with the same name and another ID.
import type { PolicyDocument } from './policy/document.js';

export interface Iam {
  /** By 12-digit account id. */
  readonly accounts: Map<string, Account>;
}

export interface Account {
  readonly id: string;
  readonly rootAccessKeys: readonly AccessKey[];
  /** By user name. */
  readonly users: Map<string, User>;
  /** By role name, without its path. */
  readonly roles: Map<string, Role>;
  /** Customer managed policies, by ARN. */
  readonly policies: Map<string, PolicyDocument>;
  /** By provider name. */
  readonly samlProviders: Map<string, SamlProvider>;
  /** By issuer URL without its scheme, which is how the ARN and the condition keys name it. */
  readonly oidcProviders: Map<string, OidcProvider>;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly status: 'Active' | 'Inactive';
}

export type Tags = Readonly<Record<string, string>>;

export interface User {
  /** `AIDA…`. Never reused, unlike the name. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly accessKeys: readonly AccessKey[];
  readonly mfaDevices: readonly MfaDevice[];
  readonly tags: Tags;
  readonly policies: readonly PolicyDocument[];
}

/** A TOTP device (RFC 6238, 6 digits, 30 seconds, SHA-1). */
export interface MfaDevice {
  readonly serialNumber: string;
  /** Base32. */
  readonly seed: string;
}

export interface Role {
  /** `AROA…`. Sessions are bound to it, not to the ARN. */
  readonly id: string;
  readonly name: string;
  /** With the role's path. */
  readonly arn: string;
  /** Seconds, 3600 to 43200. */
  readonly maxSessionDuration: number;
  readonly trust: PolicyDocument;
  readonly tags: Tags;
  readonly policies: readonly PolicyDocument[];
}

export interface SamlProvider {
  readonly name: string;
  readonly arn: string;
  readonly entityId: string;
  /** Signing certificates in PEM. */
  readonly certificates: readonly string[];
}

export interface OidcProvider {
  readonly url: string;
  readonly arn: string;
  readonly clientIds: readonly string[];
}

/** The holder of an access key. `user` is absent for the account's root user. */
export interface KeyHolder {
  readonly account: Account;
  readonly user?: User;
  readonly key: AccessKey;
}

export function findKeyHolder(iam: Iam, accessKeyId: string): KeyHolder | undefined {
  const held = (key: AccessKey) => key.id === accessKeyId;
  for (const account of iam.accounts.values()) {
    const rootKey = account.rootAccessKeys.find(held);
    if (rootKey) return { account, key: rootKey };
    for (const user of account.users.values()) {
      const key = user.accessKeys.find(held);
      if (key) return { account, user, key };
    }
  }
  return undefined;
}

/** The role with exactly this ARN, path included. */
export function findRole(iam: Iam, arn: string): Role | undefined {
  const [, , , , account = '', resource = ''] = arn.split(':');
  const role = iam.accounts.get(account)?.roles.get(resource.split('/').at(-1) ?? '');
  return role?.arn === arn ? role : undefined;
}
