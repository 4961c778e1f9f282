// OIDC: verifies a JWT and returns the principal it proves. Start at `#verifyToken`, which lists the steps; each is a
// function in the file of its subject: token.ts, claims.ts, jwks.ts. issuer.ts compiles the config of an issuer,
// key-source.ts connects it with the cache of its keys.
import { compactVerify } from 'jose';
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';
import type { ConfigError } from '../../core/config-error.js';
import type { ProofVerifier, VerifiedProof } from '../../core/ports.js';
import { CLOCK_SKEW_SECONDS } from '../../core/time.js';
import type { ClaimValue, Proof } from '../../core/types.js';
import { checkClaims, checkTimes, readAudience, readTimes, type TokenTimes } from './claims.js';
import { invalidToken } from './invalid-token.js';
import { compileIssuer, type Issuer } from './issuer.js';
import type { VerificationKey } from './jwks.js';
import {
  createKeyPool,
  createKeySource,
  type KeyPool,
  type KeySource,
  type KeySourceOptions,
} from './key-source.js';
import { type ParsedToken, parseToken } from './token.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

export interface OidcVerifierOptions extends KeySourceOptions {
  /** The OIDC issuers of the config, by name. */
  readonly issuers: Readonly<Record<string, OidcIssuer>>;
  /** Shared with other verifiers, so that the same keys are fetched once. Default: its own. */
  readonly keys?: KeyPool;
}

export type OidcVerifierResult =
  | { readonly ok: true; readonly verifier: OidcVerifier }
  | { readonly ok: false; readonly errors: ConfigError[] };

/** Compiles the issuers. Reads CA files but makes no network calls. Returns the verifier, or all config errors together. */
export async function createOidcVerifier(options: OidcVerifierOptions): Promise<OidcVerifierResult> {
  const { keys = createKeyPool(options) } = options;
  const errors: ConfigError[] = [];
  const issuers: Issuer[] = [];
  for (const [name, config] of Object.entries(options.issuers)) {
    const issuer = await compileIssuer(name, config, errors);
    if (issuer) issuers.push(issuer);
  }
  errors.push(...findOverlaps(issuers));
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, verifier: new OidcVerifier(issuers.map((issuer) => createKeySource(issuer, keys))) };
}

/** A verified token, and the conditions to check when it is sent again: its times, and that its issuer still has the key. */
interface CachedToken {
  readonly verified: VerifiedProof;
  readonly times: TokenTimes;
  readonly source: KeySource;
  readonly keyThumbprint: string;
}

class OidcVerifier implements ProofVerifier {
  readonly #sources: readonly KeySource[];
  readonly #cache = new VerifiedTokenCache<CachedToken>();

  constructor(sources: readonly KeySource[]) {
    this.#sources = sources;
  }

  /** @throws SallyportError with the code of the refusal and a reason `jwt.*` or `oidc.*`. */
  async verify(proof: Proof, now: Date): Promise<VerifiedProof> {
    const text = proof.value.reveal();
    const nowSeconds = now.getTime() / 1000;
    const cached = this.#cache.get(text);
    if (cached) {
      if (await isStillValid(cached, nowSeconds)) return cached.verified;
      this.#cache.delete(text);
    }
    const verified = await this.#verifyToken(text, nowSeconds);
    this.#cache.set(text, verified);
    return verified.verified;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  /**
   * Do not reorder: each step relies on the ones before it. The issuer is selected from the configured list before
   * anything is fetched for the token; nothing in a token chooses a URL, a source of keys or an algorithm.
   */
  async #verifyToken(text: string, now: number): Promise<CachedToken> {
    const token = parseToken(text);
    const source = this.#selectIssuer(token);
    const { issuer, keys } = source;
    checkHeader(token, issuer);
    const key = await verifySignature(token, await keys.find(token, now));
    const times = readTimes(token.claims, issuer);
    checkTimes(times, now);
    const { subject, id } = checkClaims(token.claims, issuer);
    const verified = toVerifiedProof(token, issuer, times, subject, id);
    return { verified, times, source, keyThumbprint: key.thumbprint };
  }

  /** By exact `iss` (OpenID Connect Core 1.0 section 3.1.3.7 step 2), and by `aud` where entries share an issuer URL. */
  #selectIssuer({ claims }: ParsedToken): KeySource {
    const { iss } = claims;
    if (iss === undefined) throw invalidToken('claim_missing', 'iss.missing');
    if (typeof iss !== 'string') throw invalidToken('proof_invalid', 'iss.type');
    const sources = this.#sources.filter(({ issuer }) => issuer.url === iss);
    if (sources.length === 0) throw invalidToken('issuer_unknown', 'iss.unknown');
    const audience = readAudience(claims);
    const [source, ...others] = sources.filter(({ issuer }) =>
      issuer.audience.some((one) => audience.includes(one)),
    );
    if (!source) throw invalidToken('audience_mismatch', 'aud.mismatch');
    if (others.length > 0) throw invalidToken('audience_mismatch', 'aud.ambiguous');
    return source;
  }
}

/**
 * Whether a cached verification still holds: the token has not expired and its issuer still has the key. If the key is
 * gone, the token is verified again from the start.
 * @throws SallyportError if the token has expired.
 */
async function isStillValid({ times, source, keyThumbprint }: CachedToken, now: number): Promise<boolean> {
  checkTimes(times, now);
  const keys = await source.keys.current(now);
  return keys.some(({ thumbprint }) => thumbprint === keyThumbprint);
}

/** RFC 8725 sections 3.1 and 3.11: only algorithms and token types of the issuer's own list. */
function checkHeader({ alg, typ }: ParsedToken, issuer: Issuer): void {
  if (!issuer.algorithms.includes(alg)) throw invalidToken('proof_invalid', 'alg.refused');
  const accepted =
    issuer.tokenTypes.length > 0 ? issuer.tokenTypes.includes(typ ?? '') : typ === undefined || typ === 'jwt';
  if (!accepted || typ === 'logout+jwt') throw invalidToken('proof_invalid', 'typ.refused');
}

/** Returns the key that made the signature. If several keys have the same `kid`, each is tried. */
async function verifySignature(
  token: ParsedToken,
  keys: readonly VerificationKey[],
): Promise<VerificationKey> {
  let cause: unknown;
  for (const key of keys) {
    try {
      await compactVerify(token.text, key.key, { algorithms: [token.alg] });
      return key;
    } catch (error) {
      cause = error;
    }
  }
  throw invalidToken('proof_invalid', 'signature.invalid', { cause });
}

function toVerifiedProof(
  { claims }: ParsedToken,
  issuer: Issuer,
  { iat, exp }: TokenTimes,
  subject: string,
  id: string | undefined,
): VerifiedProof {
  deepFreeze(claims);
  return {
    principal: {
      issuer: issuer.name,
      type: 'oidc',
      subject,
      claims,
      issuedAt: iat,
      expiresAt: exp,
      ...(id !== undefined && { proofId: id }),
    },
    singleUseIds:
      issuer.singleUse && id !== undefined
        ? [{ issuer: issuer.url, id, issuedAt: iat, expiresAt: exp + CLOCK_SKEW_SECONDS }]
        : [],
  };
}

/** Requests share cached claims and must not be able to change them for each other. */
function deepFreeze(value: ClaimValue): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
}

/** Two entries may share an issuer URL only if they have no audience in common: a token could belong to either. */
function findOverlaps(issuers: readonly Issuer[]): ConfigError[] {
  return issuers.flatMap((issuer, index) => {
    const other = issuers
      .slice(0, index)
      .find(
        ({ url, audience }) => url === issuer.url && audience.some((one) => issuer.audience.includes(one)),
      );
    if (!other) return [];
    const message = `Issuer "${other.name}" has the same URL and audience. Give each its own audience, or merge them.`;
    return [{ path: ['issuers', issuer.name, 'audience'], message }];
  });
}
