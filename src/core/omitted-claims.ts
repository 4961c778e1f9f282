// The claims that a proof declares as left out. Their values are unknown, not absent: a deny that depends on one applies, an
// allow that needs one does not. Declarations: distributed and aggregated claims (OpenID Connect Core 1.0 section 5.6.2),
// and the group overage claims of Microsoft Entra ID for JWTs and SAML.
// https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference#groups-overage-claim
import { isJsonObject } from './json.js';
import type { Claims, ClaimValue } from './types.js';

/** What the caller and the operator do about it. */
export const OMITTED_CLAIMS_ADVICE =
  'Microsoft Entra ID leaves out the groups of users in more than 200 groups (150 in SAML). At the identity provider, send only "Groups assigned to the application", or use app roles.';

/** Entra's SAML attribute in place of the groups. It does not say which attribute the groups would be in. */
const GROUPS_LINK = 'http://schemas.microsoft.com/claims/groups.link';

const DECLARATIONS: ReadonlySet<string> = new Set([
  '_claim_names',
  '_claim_sources',
  'hasgroups',
  GROUPS_LINK,
]);

/** Entra can also send groups as roles, and administrators name the attribute after LDAP's. App roles may be present. */
const OTHER_GROUP_ATTRIBUTE = /^(?:roles?|(?:is)?member[-_]?of)$/;

/** Entra's form of the declaration in one claim: `groups:src1`. */
const SOURCE_SUFFIX = /^(.+):src[0-9]+$/;

export class OmittedClaims {
  readonly #claims: Claims;
  /** Names of claims; undefined if the declaration cannot be read, so that every claim may be meant. */
  readonly #names: ReadonlySet<string> | undefined;
  readonly #hasGroupsLink: boolean;

  private constructor(claims: Claims, names: ReadonlySet<string> | undefined, hasGroupsLink: boolean) {
    this.#claims = claims;
    this.#names = names;
    this.#hasGroupsLink = hasGroupsLink;
  }

  /** The aliases of an issuer, alias to claim, count as names of their claims. A claim takes precedence over an alias. */
  static of(claims: Claims, aliases: Readonly<Record<string, string>> = {}): OmittedClaims {
    const declared = declaredNames(claims);
    const hasGroupsLink = isPresent(claims, GROUPS_LINK);
    if (!declared) return new OmittedClaims(claims, undefined, hasGroupsLink);
    const names = new Set(declared);
    const omitted = new OmittedClaims(claims, names, hasGroupsLink);
    const entries = Object.entries(aliases);
    for (const [alias, name] of entries)
      if (!Object.hasOwn(claims, name) && omitted.includes(alias)) names.add(name);
    // After the claims of all aliases are known, because several aliases can have the same claim.
    for (const [alias, name] of entries)
      if (!Object.hasOwn(claims, alias) && omitted.includes(name)) names.add(alias);
    return omitted;
  }

  get isEmpty(): boolean {
    return this.#names?.size === 0 && !this.#hasGroupsLink;
  }

  /** By literal name. A claim that is declared as left out and present all the same is incomplete, so it is included. */
  includes(name: string): boolean {
    if (DECLARATIONS.has(name)) return false;
    if (!this.#names || this.#names.has(name)) return true;
    if (!this.#hasGroupsLink) return false;
    return (
      lastPart(name).includes('group') ||
      (OTHER_GROUP_ATTRIBUTE.test(lastPart(name)) && !Object.hasOwn(this.#claims, name))
    );
  }

  /** By literal name, or by a dotted path into a claim. */
  includesPath(path: string): boolean {
    if (this.isEmpty) return false;
    if (this.includes(path)) return true;
    if (Object.hasOwn(this.#claims, path)) return false;
    for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1))
      if (this.#names?.has(path.slice(0, end))) return true;
    return false;
  }
}

/** Operators of Entra choose the namespace and name of the attribute that holds the groups. In lower case. */
const lastPart = (name: string) =>
  name
    .slice(Math.max(...['/', ':', '.', '#'].map((separator) => name.lastIndexOf(separator))) + 1)
    .toLowerCase();

function declaredNames(claims: Claims): readonly string[] | undefined {
  const names = Object.keys(claims).flatMap((name) => SOURCE_SUFFIX.exec(name)?.[1] ?? []);
  if (isPresent(claims, 'hasgroups') && !isFalse(claims['hasgroups'])) names.push('groups');
  if (isPresent(claims, '_claim_names')) {
    const declaration = claims['_claim_names'] as ClaimValue;
    if (!isJsonObject(declaration)) return undefined;
    names.push(...Object.keys(declaration));
  } else if (isPresent(claims, '_claim_sources')) return undefined;
  return names;
}

const isPresent = (claims: Claims, name: string) =>
  Object.hasOwn(claims, name) && claims[name] !== undefined && claims[name] !== null;

/** Anything but false, as a boolean or text, declares groups. Objects have no text. */
const isFalse = (value: ClaimValue | undefined) =>
  [value]
    .flat()
    .every((each) => each === false || (typeof each === 'string' && each.toLowerCase() === 'false'));
