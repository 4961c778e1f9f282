// Whether the keys of each issuer can be had now, over the same guarded connections that the broker makes.
import { fetchKeys } from '../../authn/oidc/discovery.js';
import { JsonFetcher, KeyFetchError, systemLookup } from '../../authn/oidc/fetch-json.js';
import { compileIssuer } from '../../authn/oidc/issuer.js';
import { MetadataError, parseMetadata, toSigningKey } from '../../authn/saml/metadata/parse-metadata.js';
import { readMetadataSource } from '../../authn/saml/metadata/read-metadata.js';
import type { Config } from '../../config/schema/config.js';
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';
import type { SamlIssuer } from '../../config/schema/saml-issuer.js';
import { type DoctorFinding, failed, ok, warning } from './finding.js';

/** Milliseconds for each document, as the broker waits. */
const FETCH_TIMEOUT = 5000;
/** Milliseconds: a certificate or metadata that ends sooner is a warning. */
const SOON = 30 * 86_400_000;

export async function* checkIssuers({ issuers }: Config, now: Date): AsyncGenerator<DoctorFinding> {
  for (const [name, issuer] of Object.entries(issuers)) {
    const check = `issuer ${name}`;
    yield issuer.type === 'oidc'
      ? await examineOidc(check, name, issuer)
      : await examineSaml(check, issuer, now);
  }
}

const keyCount = (count: number) => `${count} ${count === 1 ? 'key' : 'keys'}`;

async function examineOidc(check: string, name: string, config: OidcIssuer): Promise<DoctorFinding> {
  const issuer = await compileIssuer(name, config, []);
  if (!issuer) return failed(check, 'its config has faults.', 'Run sallyport check.');
  const fetcher = new JsonFetcher({ ...issuer, lookup: systemLookup, timeoutMs: FETCH_TIMEOUT });
  try {
    const keys = await fetchKeys(issuer, fetcher);
    return ok(check, `${keyCount(keys.length)} from ${issuer.jwksUri ?? issuer.url}.`);
  } catch (error) {
    const reason = error instanceof KeyFetchError ? error.reason : 'unexpected';
    return failed(
      check,
      `its keys cannot be fetched from ${issuer.jwksUri ?? issuer.url} (${reason}).`,
      adviceFor(reason),
    );
  } finally {
    await fetcher.close();
  }
}

function adviceFor(reason: string): string {
  if (reason === 'fetch.address_refused')
    return 'Its name leads to an address that the broker may not connect to. For an issuer in your network write private: true.';
  if (reason.startsWith('fetch.'))
    return 'Check the URL, the network and proxies on the way, and its certificate (ca).';
  return 'What is there is not what the issuer of the config would say. Check issuer and jwksUri.';
}

async function examineSaml(check: string, config: SamlIssuer, now: Date): Promise<DoctorFinding> {
  const { metadata, metadataCertificate } = config;
  try {
    const signer = metadataCertificate === undefined ? undefined : toSigningKey(metadataCertificate);
    const { keys, validUntil } = parseMetadata(
      await readMetadataSource(metadata),
      signer,
      now.getTime() / 1000,
    );
    const found = `${keyCount(keys.length)} from ${metadata}`;
    const ends = keys.map(({ certificate }) => Date.parse(certificate.validTo));
    const soonest = Math.min(
      ...ends,
      validUntil === undefined ? Number.POSITIVE_INFINITY : validUntil * 1000,
    );
    if (soonest >= now.getTime() + SOON) return ok(check, `${found}.`);
    return warning(
      check,
      `${found}; a certificate or the metadata ends on ${new Date(soonest).toISOString().slice(0, 10)}.`,
      'Ask the identity provider for its next key, and for metadata that has it.',
    );
  } catch (error) {
    const why = error instanceof MetadataError ? error.message : 'It cannot be reached.';
    return failed(
      check,
      `its metadata ${metadata} is not usable. ${why}`,
      'Until it is, proofs of this issuer get 503.',
    );
  }
}
