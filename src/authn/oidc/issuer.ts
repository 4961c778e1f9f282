// From the config of one OIDC issuer to what verification works with: preset applied, defaults filled, URLs judged.
// An issuer that could be reached unsafely, or whose tokens anybody can get, does not compile.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { type AddressPolicy, addressPolicyOf } from './address-policy.js';
import { addressProblem, urlProblem } from './issuer-url.js';
import { ownerClaimsOf, PRESETS } from './presets.js';
import { mediaType } from './token.js';

type Scalar = string | number | boolean;

/** An issuer ready for verification. Durations are seconds. */
export interface Issuer {
  /** Its name in the config. */
  readonly name: string;
  /** Exactly as `iss` must be. */
  readonly url: string;
  /** Where the keys are, if discovery need not be asked. */
  readonly jwksUri?: string;
  /** `host[:port]` of URLs that discovery may place the keys on. */
  readonly jwksHosts: readonly string[];
  /** Which addresses may be connected to for it. */
  readonly reach: AddressPolicy;
  /** PEM text of the certificate authorities trusted for it. */
  readonly ca?: string;
  readonly tokenFile?: string;
  readonly audience: readonly string[];
  readonly authorizedParties: readonly string[];
  readonly algorithms: readonly string[];
  /** Accepted header `typ`, lower case, without `application/`; empty: `jwt` or none. */
  readonly typ: readonly string[];
  readonly require: ReadonlyMap<string, readonly Scalar[]>;
  readonly maxLifetime: number;
  readonly once: boolean;
}

const DEFAULT_ALGORITHMS = ['RS256', 'ES256'];
const DEFAULT_MAX_LIFETIME = '1d';

/** Compiles one issuer, or adds everything that is wrong with it to `faults`. Reads the CA file; no network. */
export async function compileIssuer(
  name: string,
  config: OidcIssuer,
  faults: ConfigError[],
): Promise<Issuer | undefined> {
  const preset = config.preset && PRESETS[config.preset];
  const soFar = faults.length;
  const fault = (key: string, message: string) => {
    faults.push({ path: ['issuers', name, key], message });
    return undefined;
  };

  const url = config.issuer ?? preset?.known?.issuer;
  if (url === undefined) {
    const example = preset?.example ?? 'https://login.corp.example';
    return fault('issuer', `Write the issuer URL exactly as the iss claim has it, e.g. ${example}.`);
  }
  const form = preset?.form.exec(url);
  if (preset && !form) {
    fault('issuer', `Preset ${config.preset} needs ${preset.needs} It looks like ${preset.example}.`);
  }
  const jwksUri = config.jwksUri ?? (url === preset?.known?.issuer ? preset.known.jwksUri : undefined);
  const source = jwksUri ?? url;
  const reach = addressPolicyOf(source, config.private ?? false);
  const issuerProblem = urlProblem(url) ?? (source === url ? addressProblem(url, reach) : undefined);
  if (issuerProblem) fault('issuer', issuerProblem);
  const jwksProblem = jwksUri && (urlProblem(jwksUri) ?? addressProblem(jwksUri, reach));
  if (jwksProblem) fault('jwksUri', jwksProblem);
  const required = { ...preset?.require, ...boundClaim(preset?.bind, form?.[1]), ...config.require };
  const owners = ownerClaimsOf(url);
  if (owners && !owners.some((claim) => Object.hasOwn(required, claim))) {
    const choice = owners.join(', ');
    fault('require', `Anyone can get a token from ${url}. Say whose you accept: require one of ${choice}.`);
  }
  const ca = config.ca && (await readCa(config.ca));
  if (config.ca && !ca)
    fault('ca', 'No certificate can be read from this file. Write the path of a PEM file.');
  if (faults.length > soFar) return undefined;

  return {
    name,
    url,
    ...(jwksUri !== undefined && { jwksUri }),
    jwksHosts: [new URL(url).host, ...(preset?.jwksHosts ?? [])],
    reach,
    ...(ca !== undefined && { ca }),
    ...(config.tokenFile !== undefined && { tokenFile: config.tokenFile }),
    audience: [config.audience].flat(),
    authorizedParties: [config.authorizedParties ?? []].flat(),
    algorithms: config.algorithms ?? preset?.algorithms ?? DEFAULT_ALGORITHMS,
    typ: [config.typ ?? []].flat().map(mediaType),
    require: new Map(Object.entries(required).map(([claim, value]) => [claim, [value].flat()])),
    maxLifetime: seconds(config.maxLifetime ?? DEFAULT_MAX_LIFETIME),
    once: config.replay === 'once',
  };
}

function boundClaim(claim: string | undefined, value: string | undefined): Record<string, string> {
  return claim !== undefined && value !== undefined ? { [claim]: value } : {};
}

/** The text of a file that begins with a certificate, else undefined. */
async function readCa(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    new X509Certificate(text);
    return text;
  } catch {
    return undefined;
  }
}
