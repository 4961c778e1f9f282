// A SAML Response -> the principal it proves. The order of the steps is the wall: each reads only what the one
// before has let through.
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { SallyportError } from '../../core/errors.js';
import type { Log, ProofVerifier, SingleUseId, VerifiedProof } from '../../core/ports.js';
import { CLOCK_SKEW_SECONDS } from '../../core/time.js';
import type { LoginRequest, Principal, Proof } from '../../core/types.js';
import { expectedAddressing, serviceAddressOf } from './assertion/addressing.js';
import { checkAssertion, type VerifiedAssertion } from './assertion/assertion.js';
import { toClaims } from './assertion/claims.js';
import { checkResponse } from './assertion/response.js';
import { parseResponseStructure } from './assertion/response-structure.js';
import { requireAgreement } from './cross-check/agreement.js';
import { type CrossCheck, createCrossCheck } from './cross-check/cross-check.js';
import { decodeResponse } from './decode-response.js';
import { findLoginRequest } from './in-response-to.js';
import {
  type IdpRegistry,
  isForAws,
  loadIdpRegistry,
  type RegisteredIdp,
  requireMetadata,
} from './metadata/idp-registry.js';
import type { IdpMetadata } from './metadata/parse-metadata.js';
import { rejectAssertion } from './reject-assertion.js';
import { verifySignatures } from './signature/signed-parts.js';
import { responseLimits } from './xml/limits.js';
import { parseXml } from './xml/parse-xml.js';

export interface SamlVerifierOptions {
  /** SAML issuers by name; metadata paths are absolute. */
  readonly issuers: Readonly<Record<string, SamlIssuer>>;
  /** The broker's public base URL. */
  readonly serverUrl: string;
  readonly log: Log;
  /** Shared with other verifiers, and closed by whoever made it. Default: one of its own. */
  readonly reader?: CrossCheck;
  /** Of the verifier this one takes the place of. */
  readonly previous?: IdpRegistry;
}

const DEFAULT_MAX_LIFETIME = 3600;

/**
 * Loads the metadata of all issuers, then verifies SAML Responses (web browser SSO profile, SAML profiles 4.1.4).
 * The caller must claim `once`, the assertion and the request it answers, for replay is not checked here; and then await
 * `confirm`, which reads the document a second time. Close the verifier to end its worker and readings.
 */
export async function createSamlVerifier(
  options: SamlVerifierOptions,
): Promise<{ ok: true; verifier: ProofVerifier; trust: IdpRegistry } | { ok: false; errors: ConfigError[] }> {
  const loaded = await loadIdpRegistry(options.issuers, options.log, options.previous);
  if (!loaded.ok) return loaded;
  const { trust } = loaded;
  const reader = options.reader ?? createCrossCheck({ log: options.log });
  const service = serviceAddressOf(options.serverUrl);
  const allRules = responseLimits(Object.values(options.issuers));

  async function verify({ value, loginRequests }: Proof, now: number): Promise<VerifiedProof> {
    const text = decodeResponse(value.reveal());
    const document = parseXml(text, allRules);
    const found = parseResponseStructure(document.root);
    const { issuer, metadata } = findIssuer(trust, found.claimedIssuer, loginRequests !== undefined, now);
    const rules = responseLimits([issuer.config], document.namespaces);
    const keys = { signing: metadata.keys, decryption: issuer.config.decryptionKeys ?? [] };
    const parts = await verifySignatures(text, found, keys, rules);
    const expected = {
      entityId: metadata.entityId,
      addressing: expectedAddressing(issuer.config.audience, service),
      maxLifetime: issuer.config.maxLifetime ? seconds(issuer.config.maxLifetime) : DEFAULT_MAX_LIFETIME,
    };
    const facts = checkAssertion(parts.assertion, expected, now);
    checkResponse(parts.response, parts.responseSigned, facts, expected, now);
    const claims = toClaims(metadata.entityId, facts);
    const answered = findLoginRequest(issuer, facts.inResponseTo, loginRequests);
    const confirm = async () =>
      requireAgreement(facts, await reader.read({ ...parts.crossCheckInput, audience: facts.audience }));
    return {
      principal: toPrincipal(issuer.name, facts, claims, answered),
      singleUseIds: [
        singleUseOf(metadata.entityId, {
          ...facts,
          expiresAt: Math.ceil(facts.expiresAt) + CLOCK_SKEW_SECONDS,
        }),
        ...(answered ? [singleUseOf(service.entityId, answered)] : []),
      ],
      confirm: () => guarded(confirm),
    };
  }

  return {
    ok: true,
    trust,
    verifier: {
      verify: (proof, now) => guarded(() => verify(proof, now.getTime() / 1000)),
      async close() {
        trust.close();
        if (!options.reader) await reader.close();
      },
    },
  };
}

/** Whatever fails, fails as a SallyportError. */
async function guarded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw new SallyportError('internal', { reason: 'saml.unexpected', cause: error });
  }
}

/**
 * The issuer whose keys to check with. Until then its name is only a claim. One IdP may be there twice, for assertions
 * addressed to AWS and for those addressed to the broker; a browser brings the latter only.
 */
function findIssuer(
  { issuers }: IdpRegistry,
  entityId: string,
  fromBrowser: boolean,
  now: number,
): { readonly issuer: RegisteredIdp; readonly metadata: IdpMetadata } {
  const named = issuers.filter(({ metadata }) => metadata?.entityId === entityId);
  const forBroker = named.find((issuer) => !isForAws(issuer));
  const issuer = fromBrowser ? forBroker : (named.find(isForAws) ?? forBroker);
  if (issuer) return { issuer, metadata: requireMetadata(issuer, now) };
  if (named.length > 0) return rejectAssertion('issuer.for_aws', 'audience_mismatch', FOR_AWS);
  if (issuers.some(({ metadata }) => !metadata))
    return rejectAssertion('metadata.missing', 'issuer_unavailable');
  return rejectAssertion('issuer.unknown', 'issuer_unknown');
}

const FOR_AWS =
  'Responses of this issuer are addressed to AWS, so no browser can sign in with one here. Send it to POST /v1/credentials.';

function toPrincipal(
  issuer: string,
  facts: VerifiedAssertion,
  claims: Principal['claims'],
  answered: LoginRequest | undefined,
): Principal {
  const { sessionNotOnOrAfter } = facts.authentication;
  return {
    issuer,
    type: 'saml',
    subject: facts.nameId.value,
    claims,
    issuedAt: facts.issuedAt,
    expiresAt: Math.floor(facts.expiresAt),
    proofId: facts.id,
    ...(sessionNotOnOrAfter !== undefined && { sessionNotOnOrAfter: Math.floor(sessionNotOnOrAfter) }),
    ...(answered && { inResponseTo: answered.id }),
  };
}

const singleUseOf = (
  issuer: string,
  { id, issuedAt, expiresAt }: Pick<VerifiedAssertion | LoginRequest, 'id' | 'issuedAt' | 'expiresAt'>,
): SingleUseId => ({ issuer, id, issuedAt, expiresAt });
