// The environment of a program that is to use given credentials, and to find no others.

/** By each of these some AWS SDK or tool finds credentials, or changes those it has found. */
const FINDING_CREDENTIALS = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_SESSION_TOKEN',
  // boto takes it before AWS_SESSION_TOKEN.
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_CREDENTIAL_SCOPE',
  // Of the oldest tools; boto still takes what is in it before a container's endpoint.
  'AWS_CREDENTIAL_FILE',
  // Bedrock's clients send it instead of a signature.
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_ACCOUNT_ID',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
];

export interface ChildEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** What was set, would have won over the given, and is gone. */
  readonly removed: readonly string[];
}

/** `given` is all by which the program finds credentials. `secrets`: variables that are not its business. */
export function childEnvironment(
  inherited: NodeJS.ProcessEnv,
  given: Readonly<Record<string, string>>,
  secrets: readonly string[],
): ChildEnvironment {
  const gone = new Set([...FINDING_CREDENTIALS, ...secrets]);
  const kept = Object.entries(inherited).filter(([name]) => !gone.has(name));
  return {
    env: { ...Object.fromEntries(kept), ...given },
    removed: FINDING_CREDENTIALS.filter((name) => inherited[name] !== undefined && given[name] === undefined),
  };
}
