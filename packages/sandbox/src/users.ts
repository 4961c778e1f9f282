// The people both sandbox identity providers know, read from YAML. Their passwords are public values.
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';

export interface SandboxUser {
  readonly name: string;
  readonly password: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** Further claims, by name: JSON values. */
  readonly claims: Readonly<Record<string, unknown>>;
}

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });

const UsersFile = Type.Object(
  {
    users: Type.Record(
      Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
      Type.Object(
        {
          password: text,
          email: text,
          groups: Type.Optional(Type.Array(text)),
          claims: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        },
        closed,
      ),
      closed,
    ),
  },
  closed,
);

/**
 * Users of a file like examples/users.yaml: `users: { <name>: { password, email, groups, claims } }`.
 * Throws an Error that names the place of the first mistake.
 */
export function loadUsers(yamlText: string): readonly SandboxUser[] {
  const file: unknown = parse(yamlText, { maxAliasCount: 10 });
  if (!Value.Check(UsersFile, file)) {
    const [first] = Value.Errors(UsersFile, file);
    throw new Error(`The users file is not valid at ${first?.instancePath || '/'}: ${first?.message}.`);
  }
  return Object.entries(file.users).map(([name, { groups = [], claims = {}, ...user }]) => ({
    name,
    ...user,
    groups,
    claims,
  }));
}

/** Whether a password is that user's; a directory may know it instead of the file. */
export type CheckPassword = (name: string, password: string) => Promise<boolean>;

/** The user of that name if the password is theirs. */
export function signIn(
  users: readonly SandboxUser[],
  name: string,
  password: string,
): SandboxUser | undefined {
  return users.find((user) => user.name === name && user.password === password);
}

/** What an identity provider says of a user: their own claims, and email and groups. */
export function claimsOf(user: SandboxUser): Readonly<Record<string, unknown>> {
  return { ...user.claims, email: user.email, groups: user.groups };
}
