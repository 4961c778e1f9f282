// The environment of the program that `exec` runs: it finds the given credentials, and no others.

/** Variables through which an AWS SDK or tool finds credentials or changes the credentials it has found. */
const CREDENTIAL_VARIABLES = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_SESSION_TOKEN',
  // boto prefers it to AWS_SESSION_TOKEN.
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_CREDENTIAL_SCOPE',
  // From the first AWS tools. boto still prefers its content to a container endpoint.
  'AWS_CREDENTIAL_FILE',
  // Bedrock clients send it instead of a signature.
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
  /** Variables that were removed because they would take precedence. */
  readonly removed: readonly string[];
}

/** Adds `variables` and removes all other credential variables. `secrets`: further variables to remove. */
export function childEnvironment(
  inherited: NodeJS.ProcessEnv,
  variables: Readonly<Record<string, string>>,
  secrets: readonly string[],
): ChildEnvironment {
  const excluded = new Set([...CREDENTIAL_VARIABLES, ...secrets]);
  const remaining = Object.entries(inherited).filter(([name]) => !excluded.has(name));
  return {
    env: { ...Object.fromEntries(remaining), ...variables },
    removed: CREDENTIAL_VARIABLES.filter(
      (name) => inherited[name] !== undefined && variables[name] === undefined,
    ),
  };
}
