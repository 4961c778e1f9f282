// SAML: verifies a Response and returns the principal it proves (web browser SSO profile, SAML profiles 4.1.4). Start at
// `#verifyResponse`, which lists the steps; each is a function in the folder of its subject: xml/ (parser, canonical
// form), signature/, assertion/ (fields), metadata/ (the IdPs and their keys), cross-check/ (saml2-js as second reader).
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { SallyportError } from '../../core/errors.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import type { Log, ProofVerifier, SingleUseId, VerifiedProof } from '../../core/ports.js';
import { CLOCK_SKEW_SECONDS } from '../../core/time.js';
import type { Claims, LoginRequest, Principal, Proof } from '../../core/types.js';
import { expectedAddressing, type ServiceAddress, serviceAddressOf } from './assertion/addressing.js';
import { checkAssertion, type ExpectedValues, type VerifiedAssertion } from './assertion/assertion.js';
import { toClaims } from './assertion/claims.js';
import { checkResponse, findLoginRequest } from './assertion/response.js';
import { parseResponseStructure } from './assertion/response-structure.js';
import { CrossCheck, requireAgreement } from './cross-check/cross-check.js';
import { type IdpRegistry, loadIdpRegistry, selectIdp } from './metadata/idp-registry.js';
import { decodeResponse, responseLimits } from './response-document.js';
import { verifySignatures } from './signature/signed-parts.js';
import { parseXml, type XmlLimits } from './xml/parse-xml.js';

export interface SamlVerifierOptions {
  /** SAML issuers by name; metadata paths are absolute. */
  readonly issuers: Readonly<Record<string, SamlIssuer>>;
  /** The broker's public base URL. */
  readonly serverUrl: string;
  readonly log: Log;
  /** Shared with other verifiers and closed by its creator. Default: the verifier's own. */
  readonly crossCheck?: Pick<CrossCheck, 'readSubject' | 'close'>;
  /** The registry of the verifier that this one replaces. */
  readonly previousRegistry?: IdpRegistry;
}

export type SamlVerifierResult =
  | { readonly ok: true; readonly verifier: SamlVerifier; readonly idpRegistry: IdpRegistry }
  | { readonly ok: false; readonly errors: ConfigError[] };

const DEFAULT_MAX_LIFETIME = 3600;

/** Loads the metadata of all issuers. Returns the verifier, or all config errors together. */
export async function createSamlVerifier(options: SamlVerifierOptions): Promise<SamlVerifierResult> {
  const loaded = await loadIdpRegistry(options.issuers, options.log, options.previousRegistry);
  if (!loaded.ok) return loaded;
  const { idpRegistry } = loaded;
  return { ok: true, verifier: new SamlVerifier(options, idpRegistry), idpRegistry };
}

/** Close it to stop the metadata refresh and, if it is the verifier's own, the cross-check worker. */
class SamlVerifier implements ProofVerifier {
  readonly #idpRegistry: IdpRegistry;
  readonly #crossCheck: Pick<CrossCheck, 'readSubject' | 'close'>;
  readonly #ownsCrossCheck: boolean;
  readonly #service: ServiceAddress;
  /** For all issuers, until the Response names one. */
  readonly #limits: XmlLimits;

  constructor({ issuers, serverUrl, log, crossCheck }: SamlVerifierOptions, idpRegistry: IdpRegistry) {
    this.#idpRegistry = idpRegistry;
    this.#crossCheck = crossCheck ?? new CrossCheck({ log });
    this.#ownsCrossCheck = crossCheck === undefined;
    this.#service = serviceAddressOf(serverUrl);
    this.#limits = responseLimits(Object.values(issuers));
  }

  /**
   * Replay is not checked here: the caller must claim `singleUseIds` (the assertion and the request it answers), then
   * await `confirm`, which runs the cross-check.
   * @throws SallyportError with the code of the refusal and a reason `saml.*`.
   */
  verify(proof: Proof, now: Date): Promise<VerifiedProof> {
    return withSallyportError(() => this.#verifyResponse(proof, now.getTime() / 1000));
  }

  async close(): Promise<void> {
    this.#idpRegistry.close();
    if (this.#ownsCrossCheck) await this.#crossCheck.close();
  }

  /** Do not reorder: each step relies on the ones before it and reads only what they have verified. */
  async #verifyResponse({ value, loginRequests }: Proof, now: number): Promise<VerifiedProof> {
    const text = decodeResponse(value.reveal());
    const document = parseXml(text, this.#limits);
    const structure = parseResponseStructure(document.root);
    const isFromBrowser = loginRequests !== undefined;
    const { idp, metadata } = selectIdp(this.#idpRegistry, structure.claimedIssuer, isFromBrowser, now);
    const limits = responseLimits([idp.config], document.namespaces);
    const keys = { signing: metadata.keys, decryption: idp.config.decryptionKeys ?? [] };
    const signed = await verifySignatures(text, structure, keys, limits);
    const expected = this.#expectedValues(idp.config, metadata.entityId);
    const assertion = checkAssertion(signed.assertion, expected, now);
    checkResponse(signed.response, signed.responseSigned, assertion, expected, now);
    const claims = toClaims(metadata.entityId, assertion);
    const loginRequest = findLoginRequest(idp, assertion.inResponseTo, loginRequests);
    const crossCheck = async () =>
      requireAgreement(
        assertion,
        await this.#crossCheck.readSubject({ ...signed.crossCheckInput, audience: assertion.audience }),
      );
    return {
      principal: toPrincipal(idp.name, assertion, claims, loginRequest),
      singleUseIds: [
        toSingleUseId(metadata.entityId, {
          ...assertion,
          expiresAt: Math.ceil(assertion.expiresAt) + CLOCK_SKEW_SECONDS,
        }),
        ...(loginRequest ? [toSingleUseId(this.#service.entityId, loginRequest)] : []),
      ],
      confirm: () => withSallyportError(crossCheck),
    };
  }

  #expectedValues({ audience, maxLifetime }: SamlIssuer, entityId: string): ExpectedValues {
    return {
      entityId,
      addressing: expectedAddressing(audience, this.#service),
      maxLifetime: maxLifetime ? seconds(maxLifetime) : DEFAULT_MAX_LIFETIME,
    };
  }
}

/** Turns any other error into a SallyportError. */
async function withSallyportError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    throw new SallyportError('internal', { reason: 'saml.unexpected', cause: error });
  }
}

function toPrincipal(
  issuer: string,
  assertion: VerifiedAssertion,
  claims: Claims,
  loginRequest: LoginRequest | undefined,
): Principal {
  const { sessionNotOnOrAfter } = assertion.authentication;
  return {
    issuer,
    type: 'saml',
    subject: assertion.nameId.value,
    claims,
    issuedAt: assertion.issuedAt,
    expiresAt: Math.floor(assertion.expiresAt),
    proofId: assertion.id,
    ...omitUndefined({
      sessionNotOnOrAfter: sessionNotOnOrAfter === undefined ? undefined : Math.floor(sessionNotOnOrAfter),
      inResponseTo: loginRequest?.id,
    }),
  };
}

const toSingleUseId = (
  issuer: string,
  { id, issuedAt, expiresAt }: Pick<VerifiedAssertion | LoginRequest, 'id' | 'issuedAt' | 'expiresAt'>,
): SingleUseId => ({ issuer, id, issuedAt, expiresAt });
