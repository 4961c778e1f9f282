// The users of both identity providers, read from YAML. Their passwords are public.
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';

export interface SandboxUser {
  readonly name: string;
  readonly password: string;
  readonly email: string;
  readonly groups: readonly string[];
  /** Other claims: JSON values by name. */
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
 * Throws an Error with the path of the first error.
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

/** Checks a password, e.g. against a directory in place of the users file. */
export type CheckPassword = (name: string, password: string) => Promise<boolean>;

/** The user with this name and password. */
export function authenticateUser(
  users: readonly SandboxUser[],
  name: string,
  password: string,
): SandboxUser | undefined {
  return users.find((user) => user.name === name && user.password === password);
}

/** The claims of a user in tokens and assertions, with email and groups. */
export function claimsOf(user: SandboxUser): Readonly<Record<string, unknown>> {
  return { ...user.claims, email: user.email, groups: user.groups };
}
