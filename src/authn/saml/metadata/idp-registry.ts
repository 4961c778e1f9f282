// The configured IdPs and their current metadata. Metadata is refreshed in the background. If a refresh fails, the error
// is logged and the last valid metadata stays in use.
import { isDeepStrictEqual } from 'node:util';
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';
import type { ConfigError } from '../../../core/config-error.js';
import { seconds } from '../../../core/duration.js';
import type { Log } from '../../../core/ports.js';
import { rejectAssertion } from '../reject-assertion.js';
import { checkIssuerSettings } from './issuer-settings.js';
import { type IdpMetadata, MetadataError, parseMetadata, toSigningKey } from './parse-metadata.js';
import { isUrl, MetadataUnavailableError, readMetadataSource } from './read-metadata.js';

/** Seconds between refreshes. */
const DEFAULT_REFRESH = 3600;
/** Seconds. Longer delays do not fit into a timer. */
const MAX_REFRESH = 7 * 86_400;
/** Seconds to the next attempt after a failed refresh. */
const RETRY_DELAY = 60;
/** Seconds before the end of a certificate or of the metadata at which warnings start. */
const WARN_BEFORE = 30 * 86_400;

/** An issuer of the config. `metadata` is absent until its URL has responded for the first time. */
export interface RegisteredIdp {
  readonly name: string;
  readonly config: SamlIssuer;
  metadata?: IdpMetadata;
  /** Epoch seconds of the last successful refresh. */
  readAt?: number;
}

/** Whether its assertions are addressed to AWS and not to the broker. */
const isForAws = ({ config }: RegisteredIdp): boolean => config.audience !== 'sallyport';

export interface IdpRegistry {
  readonly issuers: readonly RegisteredIdp[];
  /** Stops the background refresh. */
  close(): void;
}

/**
 * Reads all metadata once. A metadata URL that is down is not a config error: only its issuer is unavailable, until the
 * URL responds. Metadata from the URL of an issuer whose config has not changed is copied from `previous`, so that a reload
 * does not depend on the network.
 */
export async function loadIdpRegistry(
  config: Readonly<Record<string, SamlIssuer>>,
  log: Log,
  previous?: IdpRegistry,
): Promise<
  | { readonly ok: true; readonly idpRegistry: IdpRegistry }
  | { readonly ok: false; readonly errors: ConfigError[] }
> {
  const issuers = Object.entries(config).map(([name, issuer]): RegisteredIdp => ({ name, config: issuer }));
  const load = async (issuer: RegisteredIdp): Promise<ConfigError[]> => {
    const errors = checkIssuerSettings(issuer.name, issuer.config);
    if (errors.length > 0) return errors;
    if (copyFromPrevious(issuer, previous)) return [];
    try {
      await refreshMetadata(issuer, issuers, log);
      return [];
    } catch (error) {
      if (!(error instanceof MetadataUnavailableError)) return [toConfigError(issuer, error)];
      logFailure(issuer, error, log);
      return [];
    }
  };
  const errors = (await Promise.all(issuers.map(load))).flat();
  if (errors.length > 0) return { ok: false, errors };
  const stops = issuers.map((issuer) => scheduleRefresh(issuer, issuers, log));
  const close = () => {
    for (const stop of stops) stop();
  };
  return { ok: true, idpRegistry: { issuers, close } };
}

/** The detail for a browser that sends a Response addressed to AWS. */
const FOR_AWS =
  'Responses of this issuer are addressed to AWS and cannot be used for browser sign-in. Send them to POST /v1/credentials.';

/**
 * Selects the IdP whose keys verify a Response. Until then its entity ID is only a claim. The same IdP may be configured
 * twice, for assertions addressed to AWS and to the broker; a browser only sends the latter.
 * @throws SallyportError `issuer_unknown`, `audience_mismatch` or `issuer_unavailable`.
 */
export function selectIdp(
  { issuers }: IdpRegistry,
  entityId: string,
  isFromBrowser: boolean,
  now: number,
): { readonly idp: RegisteredIdp; readonly metadata: IdpMetadata } {
  const named = issuers.filter(({ metadata }) => metadata?.entityId === entityId);
  const forBroker = named.find((idp) => !isForAws(idp));
  const idp = isFromBrowser ? forBroker : (named.find(isForAws) ?? forBroker);
  if (idp) return { idp, metadata: requireMetadata(idp, now) };
  if (named.length > 0) return rejectAssertion('issuer.for_aws', 'audience_mismatch', FOR_AWS);
  if (issuers.some(({ metadata }) => !metadata))
    return rejectAssertion('metadata.missing', 'issuer_unavailable');
  return rejectAssertion('issuer.unknown', 'issuer_unknown');
}

/**
 * The metadata of an IdP if it is valid at `now` (epoch seconds).
 * @throws SallyportError `issuer_unavailable`, reason `saml.metadata.missing` or `saml.metadata.expired`.
 */
export function requireMetadata({ metadata }: RegisteredIdp, now: number): IdpMetadata {
  if (!metadata) return rejectAssertion('metadata.missing', 'issuer_unavailable');
  if ((metadata.validUntil ?? now) < now) return rejectAssertion('metadata.expired', 'issuer_unavailable');
  return metadata;
}

function copyFromPrevious(issuer: RegisteredIdp, previous: IdpRegistry | undefined): boolean {
  const { name, config } = issuer;
  const known = previous?.issuers.find((other) => other.name === name);
  if (!known?.metadata || !isUrl(config.metadata) || !isDeepStrictEqual(known.config, config)) return false;
  Object.assign(issuer, { metadata: known.metadata, readAt: known.readAt });
  return true;
}

/** Refreshes the metadata of an issuer periodically. Returns a function that stops it. */
function scheduleRefresh(issuer: RegisteredIdp, all: readonly RegisteredIdp[], log: Log): () => void {
  const { refresh } = issuer.config;
  const interval = Math.min(refresh === undefined ? DEFAULT_REFRESH : seconds(refresh), MAX_REFRESH);
  let timer: NodeJS.Timeout | undefined;
  const schedule = (delay: number): void => {
    timer = setTimeout(() => void read(), delay * 1000).unref();
  };
  const read = async (): Promise<void> => {
    const running = timer;
    let delay = interval;
    try {
      await refreshMetadata(issuer, all, log);
    } catch (error) {
      logFailure(issuer, error, log);
      delay = Math.min(interval, RETRY_DELAY);
    }
    if (timer === running) schedule(delay);
  };
  const age = Date.now() / 1000 - (issuer.readAt ?? 0);
  schedule(
    issuer.metadata ? Math.min(Math.max(interval - age, 0), interval) : Math.min(interval, RETRY_DELAY),
  );
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

/** Replaces the metadata only if the new one is valid and belongs to the same IdP. */
async function refreshMetadata(
  issuer: RegisteredIdp,
  all: readonly RegisteredIdp[],
  log: Log,
): Promise<void> {
  const { metadata, metadataCertificate } = issuer.config;
  const signer = metadataCertificate === undefined ? undefined : toSigningKey(metadataCertificate);
  const next = parseMetadata(await readMetadataSource(metadata), signer, Date.now() / 1000);
  const last = issuer.metadata;
  if (last && last.entityId !== next.entityId) {
    throw new MetadataError('Its entityID has changed. Restart or reload if the change is intended.');
  }
  const duplicate = all.find(
    (other) =>
      other !== issuer && other.metadata?.entityId === next.entityId && isForAws(other) === isForAws(issuer),
  );
  if (duplicate) {
    throw new MetadataError(
      `It has the same entityID and audience as issuer "${duplicate.name}". Remove one of the two.`,
    );
  }
  if (!isForAws(issuer) && issuer.config.unsolicited !== 'accept' && next.ssoUrl === undefined) {
    throw new MetadataError(
      'It has no SingleSignOnService with HTTP-Redirect and https, so sign-in cannot start at the broker. Get metadata with one, or set unsolicited: accept.',
    );
  }
  if (last && fingerprints(last) !== fingerprints(next)) {
    log.info({ issuer: issuer.name, keys: next.keys.length }, 'SAML signing keys changed');
  }
  issuer.metadata = next;
  issuer.readAt = Date.now() / 1000;
  warnAboutExpiry(issuer.name, next, Date.now() / 1000, log);
}

function toConfigError({ name, config }: RegisteredIdp, error: unknown): ConfigError {
  const why = error instanceof MetadataError ? error.message : 'It cannot be read.';
  return {
    path: ['issuers', name, 'metadata'],
    message: `The metadata ${config.metadata} is not usable. ${why}`,
  };
}

function logFailure({ name, metadata }: RegisteredIdp, error: unknown, log: Log): void {
  const why = error instanceof Error ? error.message : 'unknown';
  if (metadata)
    log.error({ issuer: name, why }, 'SAML metadata refresh failed; the last valid metadata stays in use');
  else log.error({ issuer: name, why }, 'SAML metadata cannot be read; the issuer is unavailable');
}

function fingerprints({ keys }: IdpMetadata): string {
  return keys.map(({ certificate }) => certificate.fingerprint256).join();
}

/** An expired certificate does not invalidate its key (SAML metadata interoperability profile 2.6.1), so this only warns. */
function warnAboutExpiry(issuer: string, { keys, validUntil }: IdpMetadata, now: number, log: Log): void {
  for (const { certificate } of keys) {
    const { validTo, fingerprint256 } = certificate;
    if (Date.parse(validTo) / 1000 < now + WARN_BEFORE) {
      log.warn({ issuer, validTo, fingerprint256 }, 'SAML signing certificate has expired or expires soon');
    }
  }
  if (validUntil !== undefined && validUntil < now + WARN_BEFORE) {
    const until = new Date(validUntil * 1000).toISOString();
    log.warn({ issuer, validUntil: until }, 'SAML metadata expires soon');
  }
}
