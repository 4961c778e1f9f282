// The signing keys of the OIDC provider: generated at start and kept in memory, one per algorithm.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export const SIGNING_ALGORITHMS = ['RS256', 'ES256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** A private JWK; its `kid` is its thumbprint (RFC 7638). */
type SigningKey = JWK & { readonly kid: string };
export type SigningKeys = Readonly<Record<SigningAlgorithm, SigningKey>>;

async function generate(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
}

export async function generateSigningKeys(): Promise<SigningKeys> {
  const [RS256, ES256] = await Promise.all([generate('RS256'), generate('ES256')]);
  return { RS256, ES256 };
}
