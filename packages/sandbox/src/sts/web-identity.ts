// Verifies a web identity token against the OIDC providers of an account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
import { compactVerify, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { Account, OidcProvider } from '../iam/model.js';
import { expiredIdentityToken, invalidIdentityToken } from './errors.js';
import type { ConditionKeys } from './session-tokens.js';
import { type ProviderKeys, verificationError } from './web-identity-keys.js';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

/** The age in seconds of the youngest token that AWS is known to have rejected as too old. The limit is at or below it. */
const TOO_OLD_SECONDS = 441_398;

export interface WebIdentity {
  readonly provider: OidcProvider;
  readonly subject: string;
  /** `azp` if the token has one, otherwise `aud`. */
  readonly audience: string;
  readonly claims: JWTPayload;
  /** Condition keys: `<issuer>:aud`, `:oaud`, `:sub`, `:amr`. The keys of AWS's built-in providers are not included. */
  readonly conditionKeys: ConditionKeys;
}

/** Throws InvalidIdentityToken, ExpiredTokenException or IDPCommunicationError. */
export async function verifyWebIdentity(
  token: string,
  account: Account | undefined,
  keys: ProviderKeys,
  now: Date,
): Promise<WebIdentity> {
  const claims = decodeClaims(token);
  const issuer = textClaim(claims, 'iss');
  const provider = findProvider(account, issuer);
  if (!provider) throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  const audience = audienceOf(claims);
  if (!provider.clientIds.includes(audience)) throw invalidIdentityToken('Incorrect token audience');
  const keySet = await keys.of(provider);
  // AWS's response to another algorithm is not known. jose finds no key for it.
  await compactVerify(token, keySet, { algorithms: ALGORITHMS }).catch((error: unknown) => {
    throw verificationError(error);
  });
  checkTimes(claims, Math.floor(now.getTime() / 1000));
  const subject = textClaim(claims, 'sub');
  return {
    provider,
    subject,
    audience,
    claims,
    conditionKeys: conditionKeys(provider, claims, subject, audience),
  };
}

function decodeClaims(token: string): JWTPayload {
  try {
    decodeProtectedHeader(token);
    return decodeJwt(token);
  } catch {
    throw invalidIdentityToken(
      'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    );
  }
}

const missing = (name: string) => invalidIdentityToken(`Missing a required claim: ${name}`);

function textClaim(claims: JWTPayload, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw missing(name);
  return value;
}

/** Issuer URLs are compared exactly: a trailing slash matters. */
function findProvider(account: Account | undefined, issuer: string): OidcProvider | undefined {
  return [...(account?.oidcProviders.values() ?? [])].find(({ url }) => url === issuer);
}

/** A token with several audiences needs `azp`. */
function audienceOf({ aud, azp }: JWTPayload): string {
  if (aud === undefined) throw missing('aud');
  if (typeof azp === 'string') return azp;
  const [audience, ...others] = [aud].flat();
  if (audience === undefined || others.length > 0) throw invalidIdentityToken('Incorrect token audience');
  return audience;
}

/** Times are whole seconds. No clock skew of AWS is known, so there is none. `nbf` is ignored. */
function checkTimes({ exp, iat }: JWTPayload, now: number): void {
  if (!Number.isInteger(exp) || exp === undefined) throw missing('exp');
  if (!Number.isInteger(iat) || iat === undefined) throw missing('iat');
  if (now >= exp) {
    throw expiredIdentityToken(
      `Token expired: current date/time ${now} must be before the expiration date/time${exp}`,
    );
  }
  if (now - iat >= TOO_OLD_SECONDS) throw expiredIdentityToken(`Token too old: ${now - iat}`);
}

function conditionKeys(
  { url }: OidcProvider,
  { aud, azp, amr }: JWTPayload,
  subject: string,
  audience: string,
): ConditionKeys {
  const name = url.replace(/^https?:\/\//, '');
  const originalAudience = azp === undefined ? [] : ([[`${name}:oaud`, [aud ?? []].flat()]] as const);
  const methods = Array.isArray(amr) ? amr.filter((method) => typeof method === 'string') : [];
  return [
    [`${name}:aud`, audience],
    [`${name}:sub`, subject],
    ...originalAudience,
    ...(methods.length > 0 ? ([[`${name}:amr`, methods]] as const) : []),
  ];
}
