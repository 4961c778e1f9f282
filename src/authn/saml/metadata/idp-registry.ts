// The configured IdPs and what is known of them just now. Metadata is read again in the background; whatever is
// wrong with a new reading is logged, and the last good one kept.
import { isDeepStrictEqual } from 'node:util';
import type { SamlIssuer } from '../../../config/schema/saml-issuer.js';
import type { ConfigError } from '../../../core/config-error.js';
import { seconds } from '../../../core/duration.js';
import type { Log } from '../../../core/ports.js';
import { rejectAssertion } from '../reject-assertion.js';
import { checkIssuerSettings } from './issuer-settings.js';
import { type IdpMetadata, MetadataError, parseMetadata, toSigningKey } from './parse-metadata.js';
import { isUrl, MetadataUnavailableError, readMetadataSource } from './read-metadata.js';

const DEFAULT_REFRESH = 3600;
/** Longer delays do not fit into a timer. */
const MAX_REFRESH = 7 * 86_400;
/** After a reading that failed. */
const RETRY = 60;
const WARN_BEFORE = 30 * 86_400;

/** An issuer of the config. Its metadata is absent until its URL has answered once. */
export interface RegisteredIdp {
  readonly name: string;
  readonly config: SamlIssuer;
  metadata?: IdpMetadata;
  /** Epoch seconds of the last good reading. */
  readAt?: number;
}

/** Whether its assertions are addressed to AWS, and not to this broker. */
export const isForAws = ({ config }: RegisteredIdp): boolean => config.audience !== 'sallyport';

export interface IdpRegistry {
  readonly issuers: readonly RegisteredIdp[];
  /** Ends the background readings. */
  close(): void;
}

/**
 * Reads all metadata once. A URL that is down is no fault: its issuer is unavailable until it answers, the others
 * are not. What `previous` knows from the URL of an issuer that has not changed is taken over: a new config does not
 * depend on the network where the old one did not.
 */
export async function loadIdpRegistry(
  config: Readonly<Record<string, SamlIssuer>>,
  log: Log,
  previous?: IdpRegistry,
): Promise<
  { readonly ok: true; readonly trust: IdpRegistry } | { readonly ok: false; readonly errors: ConfigError[] }
> {
  const issuers = Object.entries(config).map(([name, issuer]): RegisteredIdp => ({ name, config: issuer }));
  const load = async (issuer: RegisteredIdp): Promise<ConfigError[]> => {
    const faults = checkIssuerSettings(issuer.name, issuer.config);
    if (faults.length > 0) return faults;
    if (takeOver(issuer, previous)) return [];
    try {
      await readMetadata(issuer, issuers, log);
      return [];
    } catch (error) {
      if (!(error instanceof MetadataUnavailableError)) return [metadataFault(issuer, error)];
      report(issuer, error, log);
      return [];
    }
  };
  const faults = (await Promise.all(issuers.map(load))).flat();
  if (faults.length > 0) return { ok: false, errors: faults };
  const stops = issuers.map((issuer) => keepFresh(issuer, issuers, log));
  const close = () => {
    for (const stop of stops) stop();
  };
  return { ok: true, trust: { issuers, close } };
}

/**
 * What is known of an issuer's IdP at `now` (epoch seconds).
 * @throws SallyportError `issuer_unavailable`, reason `saml.metadata.missing` or `saml.metadata.expired`.
 */
export function requireMetadata({ metadata }: RegisteredIdp, now: number): IdpMetadata {
  if (!metadata) return rejectAssertion('metadata.missing', 'issuer_unavailable');
  if ((metadata.validUntil ?? now) < now) return rejectAssertion('metadata.expired', 'issuer_unavailable');
  return metadata;
}

function takeOver(issuer: RegisteredIdp, previous: IdpRegistry | undefined): boolean {
  const { name, config } = issuer;
  const known = previous?.issuers.find((other) => other.name === name);
  if (!known?.metadata || !isUrl(config.metadata) || !isDeepStrictEqual(known.config, config)) return false;
  Object.assign(issuer, { metadata: known.metadata, readAt: known.readAt });
  return true;
}

/** Reads an issuer's metadata again and again; the answer ends it. */
function keepFresh(issuer: RegisteredIdp, all: readonly RegisteredIdp[], log: Log): () => void {
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
      await readMetadata(issuer, all, log);
    } catch (error) {
      report(issuer, error, log);
      delay = Math.min(interval, RETRY);
    }
    if (timer === running) schedule(delay);
  };
  const age = Date.now() / 1000 - (issuer.readAt ?? 0);
  schedule(issuer.metadata ? Math.min(Math.max(interval - age, 0), interval) : Math.min(interval, RETRY));
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

/** Takes the new metadata only if it is sound and still that of the same IdP. */
async function readMetadata(issuer: RegisteredIdp, all: readonly RegisteredIdp[], log: Log): Promise<void> {
  const { metadata, metadataCertificate } = issuer.config;
  const signer = metadataCertificate === undefined ? undefined : toSigningKey(metadataCertificate);
  const next = parseMetadata(await readMetadataSource(metadata), signer, Date.now() / 1000);
  const last = issuer.metadata;
  if (last && last.entityId !== next.entityId) {
    throw new MetadataError('Its entityID has changed. Restart or reload if that is meant.');
  }
  const twin = all.find(
    (other) =>
      other !== issuer && other.metadata?.entityId === next.entityId && isForAws(other) === isForAws(issuer),
  );
  if (twin) {
    throw new MetadataError(
      `It has the same entityID as that of issuer "${twin.name}", and the same audience. Remove one.`,
    );
  }
  if (!isForAws(issuer) && issuer.config.unsolicited !== 'accept' && next.ssoUrl === undefined) {
    throw new MetadataError(
      'It has no SingleSignOnService with HTTP-Redirect and https, so no sign-in can begin here. Get metadata with one, or add unsolicited: accept.',
    );
  }
  if (last && fingerprints(last) !== fingerprints(next)) {
    log.info(
      { issuer: issuer.name, keys: next.keys.length },
      'The signing keys of a SAML issuer have changed.',
    );
  }
  issuer.metadata = next;
  issuer.readAt = Date.now() / 1000;
  warnOfExpiry(issuer.name, next, Date.now() / 1000, log);
}

function metadataFault({ name, config }: RegisteredIdp, error: unknown): ConfigError {
  const why = error instanceof MetadataError ? error.message : 'It cannot be read.';
  return {
    path: ['issuers', name, 'metadata'],
    message: `The metadata ${config.metadata} is not usable. ${why}`,
  };
}

function report({ name, metadata }: RegisteredIdp, error: unknown, log: Log): void {
  const why = error instanceof Error ? error.message : 'unknown';
  if (metadata)
    log.error({ issuer: name, why }, 'SAML metadata could not be refreshed; the last good one is kept.');
  else
    log.error({ issuer: name, why }, 'SAML metadata could not be read; the issuer is unavailable for now.');
}

function fingerprints({ keys }: IdpMetadata): string {
  return keys.map(({ certificate }) => certificate.fingerprint256).join();
}

/** A certificate's own end does not end the use of its key (SAML metadata interoperability profile 2.6.1). */
function warnOfExpiry(issuer: string, { keys, validUntil }: IdpMetadata, now: number, log: Log): void {
  for (const { certificate } of keys) {
    const { validTo, fingerprint256 } = certificate;
    if (Date.parse(validTo) / 1000 < now + WARN_BEFORE) {
      log.warn(
        { issuer, validTo, fingerprint256 },
        'A signing certificate of a SAML issuer has expired or soon will.',
      );
    }
  }
  if (validUntil !== undefined && validUntil < now + WARN_BEFORE) {
    const until = new Date(validUntil * 1000).toISOString();
    log.warn({ issuer, validUntil: until }, 'The metadata of a SAML issuer will expire soon.');
  }
}
