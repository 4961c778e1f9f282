// Checks that the keys of each issuer can be fetched, over the same restricted connections as in the broker.
import { fetchKeys } from '../../authn/oidc/discovery.js';
import { JsonFetcher, KeyFetchError, systemLookup } from '../../authn/oidc/fetch-json.js';
import { compileIssuer } from '../../authn/oidc/issuer.js';
import { MetadataError, parseMetadata, toSigningKey } from '../../authn/saml/metadata/parse-metadata.js';
import { readMetadataSource } from '../../authn/saml/metadata/read-metadata.js';
import type { Config } from '../../config/schema/config.js';
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import { type DoctorFinding, failed, ok, warning } from './finding.js';

/** Milliseconds for each document, as in the broker. */
const FETCH_TIMEOUT_MS = 5000;
/** Milliseconds. Metadata or a certificate that expires sooner is a warning. */
const EXPIRY_WARNING_MS = 30 * 86_400_000;

export async function* checkIssuers({ issuers }: Config, now: Date): AsyncGenerator<DoctorFinding> {
  for (const [name, issuer] of Object.entries(issuers)) {
    const check = `issuer ${name}`;
    yield issuer.type === 'oidc'
      ? await checkOidcIssuer(check, name, issuer)
      : await checkSamlIssuer(check, issuer, now);
  }
}

const keyCount = (count: number) => `${count} ${count === 1 ? 'key' : 'keys'}`;

async function checkOidcIssuer(check: string, name: string, config: OidcIssuer): Promise<DoctorFinding> {
  const issuer = await compileIssuer(name, config, []);
  if (!issuer) return failed(check, 'its config has errors.', 'Run sallyport check.');
  const fetcher = new JsonFetcher({ ...issuer, lookup: systemLookup, timeoutMs: FETCH_TIMEOUT_MS });
  try {
    const keys = await fetchKeys(issuer, fetcher);
    return ok(check, `${keyCount(keys.length)} from ${issuer.jwksUri ?? issuer.url}.`);
  } catch (error) {
    const reason = error instanceof KeyFetchError ? error.reason : 'unexpected';
    return failed(
      check,
      `the keys cannot be fetched from ${issuer.jwksUri ?? issuer.url} (${reason}).`,
      adviceFor(reason),
    );
  } finally {
    await fetcher.close();
  }
}

function adviceFor(reason: string): string {
  if (reason === 'fetch.address_refused')
    return 'The host name resolves to an address that the broker must not connect to. For an issuer in a private network, set private: true.';
  if (reason.startsWith('fetch.'))
    return 'Check the URL, the network, proxies, and the certificate of the issuer (ca).';
  return 'The document does not match the issuer in the config. Check issuer and jwksUri.';
}

async function checkSamlIssuer(check: string, config: SamlIssuer, now: Date): Promise<DoctorFinding> {
  const { metadata, metadataCertificate } = config;
  try {
    const signer = metadataCertificate === undefined ? undefined : toSigningKey(metadataCertificate);
    const { keys, validUntil } = parseMetadata(
      await readMetadataSource(metadata),
      signer,
      now.getTime() / 1000,
    );
    const source = `${keyCount(keys.length)} from ${metadata}`;
    const expirations = keys.map(({ certificate }) => Date.parse(certificate.validTo));
    const soonest = Math.min(
      ...expirations,
      validUntil === undefined ? Number.POSITIVE_INFINITY : validUntil * 1000,
    );
    if (soonest >= now.getTime() + EXPIRY_WARNING_MS) return ok(check, `${source}.`);
    return warning(
      check,
      `${source}; the metadata or a certificate expires on ${new Date(soonest).toISOString().slice(0, 10)}.`,
      'Get metadata with the next key from the identity provider.',
    );
  } catch (error) {
    const reason = error instanceof MetadataError ? error.message : 'It cannot be fetched.';
    return failed(
      check,
      `the metadata ${metadata} is not usable. ${reason}`,
      'Requests with proofs of this issuer fail with 503 until it is.',
    );
  }
}
