// JWT in, principal out: read, find the issuer, verify the signature, check the claims. The issuer is found in the
// configured list before anything is fetched for the token; nothing in a token chooses a URL, a key source or an algorithm.
import { compactVerify } from 'jose';
import type { ProofVerifier, VerifiedProof } from '../../core/ports.js';
import { CLOCK_SKEW_SECONDS } from '../../core/time.js';
import type { ClaimValue, Proof } from '../../core/types.js';
import { audienceOf, checkClaims, checkTimes, type Times, timesOf } from './claims.js';
import { invalidToken } from './invalid-token.js';
import type { Issuer } from './issuer.js';
import type { Source } from './key-source.js';
import type { VerificationKey } from './keys.js';
import { readToken, type Token } from './token.js';
import { VerifiedCache } from './verified-cache.js';

/** A verified token, and what must still hold when it comes again: its times, and that its issuer has the key. */
interface Known {
  readonly verified: VerifiedProof;
  readonly times: Times;
  readonly source: Source;
  readonly keyId: string;
}

export class TokenVerifier implements ProofVerifier {
  readonly #sources: readonly Source[];
  readonly #known = new VerifiedCache<Known>();

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  async verify(proof: Proof, now: Date): Promise<VerifiedProof> {
    const text = proof.value.reveal();
    const at = now.getTime() / 1000;
    const known = this.#known.get(text);
    if (known) {
      if (await stillHolds(known, at)) return known.verified;
      this.#known.delete(text);
    }
    const fresh = await this.#verify(readToken(text), at);
    this.#known.set(text, fresh);
    return fresh.verified;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  async #verify(token: Token, now: number): Promise<Known> {
    const source = this.#sourceOf(token);
    checkHeader(token, source.issuer);
    const key = await verifySignature(token, await source.keys.find(token, now));
    const times = timesOf(token.claims, source.issuer);
    checkTimes(times, now);
    return { verified: verifiedOf(token, source.issuer, times), times, source, keyId: key.id };
  }

  /** By exact `iss` (OpenID Connect Core 1.0 section 3.1.3.7 step 2), and by `aud` where entries share an issuer. */
  #sourceOf({ claims }: Token): Source {
    const { iss } = claims;
    if (iss === undefined) throw invalidToken('claim_missing', 'iss.missing');
    if (typeof iss !== 'string') throw invalidToken('proof_invalid', 'iss.type');
    const sources = this.#sources.filter(({ issuer }) => issuer.url === iss);
    if (sources.length === 0) throw invalidToken('issuer_unknown', 'iss.unknown');
    const audience = audienceOf(claims);
    const [source, ...others] = sources.filter(({ issuer }) =>
      issuer.audience.some((one) => audience.includes(one)),
    );
    if (!source) throw invalidToken('audience_mismatch', 'aud.mismatch');
    if (others.length > 0) throw invalidToken('audience_mismatch', 'aud.ambiguous');
    return source;
  }
}

/**
 * Whether what was verified once holds because its issuer still has the key. If not, the token is verified as if never
 * seen. Throws if the token has expired.
 */
async function stillHolds({ times, source, keyId }: Known, now: number): Promise<boolean> {
  checkTimes(times, now);
  const keys = await source.keys.current(now);
  return keys.some(({ id }) => id === keyId);
}

/** RFC 8725 sections 3.1 and 3.11: only algorithms and token types of the issuer's own list. */
function checkHeader({ alg, typ }: Token, issuer: Issuer): void {
  if (!issuer.algorithms.includes(alg)) throw invalidToken('proof_invalid', 'alg.refused');
  const accepted =
    issuer.typ.length > 0 ? issuer.typ.includes(typ ?? '') : typ === undefined || typ === 'jwt';
  if (!accepted || typ === 'logout+jwt') throw invalidToken('proof_invalid', 'typ.refused');
}

/** The key that made the signature; of several with one `kid`, the first that fits. */
async function verifySignature(token: Token, keys: readonly VerificationKey[]): Promise<VerificationKey> {
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

function verifiedOf({ claims }: Token, issuer: Issuer, { iat, exp }: Times): VerifiedProof {
  const { subject, id } = checkClaims(claims, issuer);
  freeze(claims);
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
      issuer.once && id !== undefined
        ? [{ issuer: issuer.url, id, issuedAt: iat, expiresAt: exp + CLOCK_SKEW_SECONDS }]
        : [],
  };
}

/** Cached claims are shared by requests, which must not be able to change them for each other. */
function freeze(value: ClaimValue): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}
