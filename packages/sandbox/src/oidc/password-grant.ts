// The token endpoint's `password` grant (RFC 6749 section 4.3) for scripts: user name and password in, an ID token
// out. `audience`, `lifetime` (seconds), `claims` (a JSON object) and `algorithm` set the token's values.
import type { Context, errors as Errors } from 'oidc-provider';
import { authenticateUser, type SandboxUser } from '../users.js';
import { type IdTokenValues, mintIdToken } from './id-token.js';
import { SIGNING_ALGORITHMS, type SigningKeys } from './keys.js';
import { BROWSER_CLIENT_ID } from './registered-clients.js';

export const PASSWORD_GRANT_PARAMETERS = [
  'username',
  'password',
  'audience',
  'lifetime',
  'claims',
  'algorithm',
] as const;

const RESERVED_CLAIMS = ['iss', 'sub', 'aud', 'iat', 'exp'];
const MAX_LIFETIME_SECONDS = 86_400;
const DEFAULT_LIFETIME_SECONDS = 3600;

type Parameters = Readonly<Record<string, string | undefined>>;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The requested values, or an error description for the parameter that is invalid. */
function parseTokenValues(parameters: Parameters): IdTokenValues | string {
  const lifetimeSeconds = Number(parameters['lifetime'] ?? DEFAULT_LIFETIME_SECONDS);
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > MAX_LIFETIME_SECONDS) {
    return `lifetime must be whole seconds from 1 to ${MAX_LIFETIME_SECONDS}`;
  }
  const claims = parseJson(parameters['claims'] ?? '{}');
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    return 'claims must be a JSON object';
  }
  if (RESERVED_CLAIMS.some((name) => Object.hasOwn(claims, name))) {
    return `claims may not set ${RESERVED_CLAIMS.join(', ')}`;
  }
  const algorithm = SIGNING_ALGORITHMS.find((name) => name === (parameters['algorithm'] ?? 'RS256'));
  if (!algorithm) return `algorithm must be one of ${SIGNING_ALGORITHMS.join(', ')}`;
  return {
    audience: parameters['audience'] ?? BROWSER_CLIENT_ID,
    lifetimeSeconds,
    claims: { ...claims },
    algorithm,
  };
}

/** The handler of the grant. The response follows RFC 8693 section 2.2.1 for a token that is not an access token. */
export function passwordGrant(
  issuer: string,
  keys: SigningKeys,
  users: readonly SandboxUser[],
  errors: typeof Errors,
): (context: Context) => Promise<void> {
  return async (context) => {
    const parameters = context.oidc.params;
    const user = authenticateUser(users, parameters['username'] ?? '', parameters['password'] ?? '');
    if (!user) throw new errors.InvalidGrant('wrong user name or password');
    const values = parseTokenValues(parameters);
    if (typeof values === 'string') throw new errors.InvalidRequest(values);
    const token = await mintIdToken(issuer, keys, user, values, new Date());
    context.body = {
      access_token: token,
      id_token: token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      token_type: 'N_A',
      expires_in: values.lifetimeSeconds,
    };
  };
}
