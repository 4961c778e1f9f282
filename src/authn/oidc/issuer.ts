// Compiles the config of one OIDC issuer: applies the preset, fills defaults, checks URLs. An issuer whose keys would be
// fetched over an unsafe connection, or whose tokens anyone can get, does not compile.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isLoopback } from '@sallyport/client/internal/secure-url';
import type { OidcIssuer } from '../../config/schema/oidc-issuer.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { omitUndefined } from '../../core/omit-undefined.js';
import { type AddressPolicy, ipAddressOf, isAddressAllowed, selectAddressPolicy } from './address-policy.js';
import { ownerClaimsFor, PRESETS } from './presets.js';
import { normalizeType } from './token.js';

type Scalar = string | number | boolean;

/** An issuer ready for verification. Durations are seconds. */
export interface Issuer {
  /** Its name in the config. */
  readonly name: string;
  /** Compared with `iss` exactly. */
  readonly url: string;
  /** URL of the keys; without it, discovery provides the URL. */
  readonly jwksUri?: string;
  /** `host[:port]` values allowed for the `jwks_uri` of the discovery document. */
  readonly jwksHosts: readonly string[];
  /** Which addresses the broker may connect to for it. */
  readonly addressPolicy: AddressPolicy;
  /** PEM text of the certificate authorities trusted for it. */
  readonly ca?: string;
  readonly tokenFile?: string;
  readonly audience: readonly string[];
  readonly authorizedParties: readonly string[];
  readonly algorithms: readonly string[];
  /** Accepted header `typ`, lower case, without `application/`; empty: `jwt` or none. */
  readonly tokenTypes: readonly string[];
  readonly requiredClaims: ReadonlyMap<string, readonly Scalar[]>;
  readonly maxLifetime: number;
  readonly singleUse: boolean;
}

const DEFAULT_ALGORITHMS = ['RS256', 'ES256'];
const DEFAULT_MAX_LIFETIME = '1d';

/** Compiles one issuer, or adds all its config errors to `errors`. Reads the CA file but makes no network calls. */
export async function compileIssuer(
  name: string,
  config: OidcIssuer,
  errors: ConfigError[],
): Promise<Issuer | undefined> {
  const preset = config.preset && PRESETS[config.preset];
  const errorsBefore = errors.length;
  const addError = (key: string, message: string) => {
    errors.push({ path: ['issuers', name, key], message });
    return undefined;
  };

  const url = config.issuer ?? preset?.defaults?.issuer;
  if (url === undefined) {
    const example = preset?.example ?? 'https://login.corp.example';
    return addError('issuer', `Write the issuer URL exactly as the iss claim has it, e.g. ${example}.`);
  }
  const match = preset?.issuerPattern.exec(url);
  if (preset && !match) {
    addError(
      'issuer',
      `Preset ${config.preset} needs ${preset.instructions} It looks like ${preset.example}.`,
    );
  }
  const jwksUri = config.jwksUri ?? (url === preset?.defaults?.issuer ? preset.defaults.jwksUri : undefined);
  const keysUrl = jwksUri ?? url;
  const addressPolicy = selectAddressPolicy(keysUrl, config.private ?? false);
  const issuerProblem =
    checkIssuerUrl(url) ?? (keysUrl === url ? checkIssuerAddress(url, addressPolicy) : undefined);
  if (issuerProblem) addError('issuer', issuerProblem);
  const jwksProblem = jwksUri && (checkIssuerUrl(jwksUri) ?? checkIssuerAddress(jwksUri, addressPolicy));
  if (jwksProblem) addError('jwksUri', jwksProblem);
  const required = {
    ...preset?.require,
    ...requireTenant(preset?.tenantClaim, match?.[1]),
    ...config.require,
  };
  const owners = ownerClaimsFor(url);
  if (owners && !owners.some((claim) => Object.hasOwn(required, claim))) {
    addError(
      'require',
      `Anyone can get a token from ${url}. Set require with at least one of ${owners.join(', ')}.`,
    );
  }
  const ca = config.ca && (await readCa(config.ca));
  if (config.ca && !ca)
    addError('ca', 'This file has no certificate that can be read. Write the path of a PEM file.');
  if (errors.length > errorsBefore) return undefined;

  return {
    name,
    url,
    ...omitUndefined({ jwksUri, ca: ca || undefined, tokenFile: config.tokenFile }),
    jwksHosts: [new URL(url).host, ...(preset?.jwksHosts ?? [])],
    addressPolicy,
    audience: [config.audience].flat(),
    authorizedParties: [config.authorizedParties ?? []].flat(),
    algorithms: config.algorithms ?? preset?.algorithms ?? DEFAULT_ALGORITHMS,
    tokenTypes: [config.typ ?? []].flat().map(normalizeType),
    requiredClaims: new Map(Object.entries(required).map(([claim, value]) => [claim, [value].flat()])),
    maxLifetime: seconds(config.maxLifetime ?? DEFAULT_MAX_LIFETIME),
    singleUse: config.replay === 'once',
  };
}

/** What is wrong with a URL, if anything. OpenID Connect Discovery 1.0 section 3: https, no query, no fragment. */
function checkIssuerUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'This is not a URL. Write one such as https://login.corp.example.';
  const { protocol, hostname, username, search, hash } = new URL(text);
  if (username !== '' || search !== '' || hash !== '') {
    return 'The URL has a user name, query or fragment. Remove it.';
  }
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  return 'Use https. Plain http is accepted for an issuer on loopback only, because anyone who can alter the keys can sign tokens.';
}

/** What is wrong with the IP address in a URL, if anything. A host name is checked when it is resolved. */
function checkIssuerAddress(url: string, policy: AddressPolicy): string | undefined {
  const address = ipAddressOf(url);
  if (address === undefined || isAddressAllowed(address, policy)) return undefined;
  return isAddressAllowed(address, 'private')
    ? 'This is a private address. If the issuer is inside your network, set private: true.'
    : 'The broker never connects to this address: it is link-local, a metadata service or not a host address. Use another address.';
}

function requireTenant(claim: string | undefined, value: string | undefined): Record<string, string> {
  return claim !== undefined && value !== undefined ? { [claim]: value } : {};
}

/** The text of a PEM file that begins with a certificate; undefined if it does not. */
async function readCa(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    new X509Certificate(text);
    return text;
  } catch {
    return undefined;
  }
}
