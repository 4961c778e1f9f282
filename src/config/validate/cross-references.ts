// What the schema cannot say: names that must exist, ids that must be unique, settings that need each other. A fault
// points at the value and does not repeat it: it may have come from the environment.
import { isLoopback, isSecureUrl } from '@sallyport/client/internal/secure-url';
import { isAddressBlock } from '../../core/address.js';
import { IAM_ROLE_ARN_PATTERN } from '../../core/arn.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { parseInstant } from '../../core/time.js';
import type { Config } from '../schema/config.js';
import { MAX_TOKEN_LIFETIME } from '../schema/web-identity.js';
import { checkAws } from './aws.js';

/** Names to refer to; undefined: not to be judged. */
interface Names {
  readonly issuers: readonly string[] | undefined;
  readonly roles: readonly string[] | undefined;
  readonly rolesFrom: readonly string[];
  /** Whether the section was written, sound or not. */
  readonly webIdentity: boolean;
  /** `aws.region` as it was written. */
  readonly region: unknown;
}

/** Faults between the parts of a config that has the right shape. */
export function checkCrossReferences(config: Config, names: Names): readonly ConfigError[] {
  return [
    ...serverFaults(config),
    ...checkAws(config, names.region === config.aws.region),
    ...webIdentityFaults(config),
    ...roleFaults(config, names),
    ...familyFaults(names),
    ...grantFaults(config, names),
    ...testFaults(config, names),
  ];
}

/** IAM takes an OIDC provider by https alone: whoever can change its keys on the way can sign tokens. */
function webIdentityFaults({ webIdentity, server }: Config): readonly ConfigError[] {
  if (!webIdentity) return [];
  const { issuer = server.url, lifetime } = webIdentity;
  const at = (key: string) => ['webIdentity', key];
  const faults: ConfigError[] = [];
  if (!isSecureUrl(issuer)) {
    const message = 'Must be an https URL, or http on loopback. It is server.url unless it is set here.';
    faults.push({ path: at('issuer'), message });
  }
  if (lifetime !== undefined && (seconds(lifetime) < 60 || seconds(lifetime) > MAX_TOKEN_LIFETIME))
    faults.push({ path: at('lifetime'), message: 'Write a duration of 1m to 1h.' });
  return faults;
}

function serverFaults({ server }: Config): readonly ConfigError[] {
  const host = server.listen?.host ?? '127.0.0.1';
  const faults: ConfigError[] = [];
  if (!server.tls && !server.trustProxy && !isLoopback(host)) {
    faults.push({
      path: ['server', 'listen', 'host'],
      message:
        'Credentials would cross the network in clear text. Set server.tls, or server.trustProxy with the proxy that ends TLS in front, or listen on 127.0.0.1.',
    });
  }
  const proxies = server.trustProxy ?? [];
  return [
    ...faults,
    ...proxies.flatMap((block, index) => blockFaults(block, ['server', 'trustProxy', index])),
  ];
}

function roleFaults({ roles }: Config, { webIdentity }: Names): readonly ConfigError[] {
  return Object.entries(roles).flatMap(([name, role]): readonly ConfigError[] => {
    if (role.via !== 'AssumeRoleWithWebIdentity') return [];
    if (role.webIdentity === 'broker') {
      const message =
        'The broker has no keys to sign with. Add the section webIdentity with keys: a folder that sallyport issuer generate makes.';
      return webIdentity ? [] : [{ path: ['roles', name, 'webIdentity'], message }];
    }
    // STS reads these from the caller's token; the broker cannot add to it.
    const message =
      "With the caller's own JWT this comes from its claims alone. Leave it out, or set webIdentity: broker.";
    return (['tags', 'transitiveTags', 'sourceIdentity'] as const)
      .filter((key) => role.session?.[key] !== undefined)
      .map((key) => ({ path: ['roles', name, 'session', key], message }));
  });
}

/** Grants tell roles and entries of rolesFrom apart by name alone. */
function familyFaults({ roles = [], rolesFrom }: Names): readonly ConfigError[] {
  return rolesFrom
    .filter((name) => roles.includes(name))
    .map((name) => ({ path: ['rolesFrom', name], message: 'A role has this name. Rename one.' }));
}

function grantFaults({ grants, roles }: Config, names: Names): readonly ConfigError[] {
  const seen = new Set<string>();
  const namesOf = namesByArn(roles);
  return grants.flatMap((grant, index) => {
    const faults: ConfigError[] = [];
    const at = (...rest: (string | number)[]) => ['grants', index, ...rest];
    if (seen.has(grant.id))
      faults.push({ path: at('id'), message: 'Another grant has this id. Rename one.' });
    seen.add(grant.id);
    if (grant.issuer === undefined && grant.effect !== 'deny') {
      faults.push({
        path: at('id'),
        message:
          'An allow must name its issuer: the same claim means something else from another one. Add issuer.',
      });
    }
    if (grant.mfa === 'required' && grant.effect === 'deny') {
      faults.push({
        path: at('mfa'),
        message:
          'A deny with mfa: required would deny those who used several factors. Put mfa: required on the allow.',
      });
    }
    if (!grant.roles && !grant.permissions)
      faults.push({ path: at('id'), message: 'This grant is about nothing. Add roles or permissions.' });
    const issuers = [grant.issuer ?? []].flat();
    const issuerPath = (position: number) =>
      Array.isArray(grant.issuer) ? at('issuer', position) : at('issuer');
    return [
      ...faults,
      ...unknownNames('issuer', issuers, names.issuers, issuerPath),
      ...unknownNames(
        'role',
        grant.roles ?? [],
        names.roles && ['*', ...names.roles, ...names.rolesFrom, ...claimable(names, grant.roles ?? [])],
        (position) => at('roles', position),
      ),
      ...claimable(names, grant.roles ?? []).flatMap((arn) => {
        const known = namesOf.get(arn.toLowerCase());
        const message = `A grant covers an IAM role that the config has by its name there, not by its ARN. Write ${known?.join(', ')}.`;
        return known ? [{ path: at('roles', (grant.roles ?? []).indexOf(arn)), message }] : [];
      }),
      ...(grant.from ?? []).flatMap((block, position) => blockFaults(block, at('from', position))),
    ];
  });
}

/** ARNs that a claim may name, where the config lets claims name roles. */
const claimable = (names: Names, roles: readonly string[]) =>
  names.rolesFrom.length > 0 ? roles.filter((role) => new RegExp(IAM_ROLE_ARN_PATTERN).test(role)) : [];

/** Of the roles of the config, by the ARN of their IAM role in lower case: names in IAM differ in more than case. */
function namesByArn(roles: Config['roles']): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [name, role] of Object.entries(roles)) {
    if (!('roleArn' in role)) continue;
    const arn = role.roleArn.toLowerCase();
    names.set(arn, [...(names.get(arn) ?? []), name]);
  }
  return names;
}

function testFaults({ tests = [] }: Config, names: Names): readonly ConfigError[] {
  return tests.flatMap((test, index) => {
    const at = (...rest: (string | number)[]) => ['tests', index, ...rest];
    const faults =
      test.allow || test.deny || test.session
        ? []
        : [{ path: at(), message: 'This test expects nothing. Add allow, deny or session.' }];
    const known = (roles: readonly string[]) => names.roles && [...names.roles, ...claimable(names, roles)];
    const roles = (key: 'allow' | 'deny') =>
      unknownNames('role', test[key] ?? [], known(test[key] ?? []), (position) => at(key, position));
    const sessions = Object.keys(test.session ?? {});
    const { now } = test.principal;
    const noTime = now !== undefined && parseInstant(now) === undefined;
    return [
      ...faults,
      ...(noTime ? [{ path: at('principal', 'now'), message: 'There is no such time. Correct it.' }] : []),
      ...unknownNames('issuer', [test.principal.issuer], names.issuers, () => at('principal', 'issuer')),
      ...roles('allow'),
      ...roles('deny'),
      ...unknownNames('role', sessions, known(sessions), (position) =>
        at('session', sessions[position] ?? ''),
      ),
    ];
  });
}

function unknownNames(
  kind: string,
  used: readonly string[],
  known: readonly string[] | undefined,
  pathOf: (position: number) => ConfigError['path'],
): readonly ConfigError[] {
  if (!known) return [];
  const names = new Set(known);
  return used.flatMap((name, position) =>
    names.has(name)
      ? []
      : [{ path: pathOf(position), message: `No ${kind} has this name. Known: ${known.join(', ')}.` }],
  );
}

function blockFaults(block: string, path: ConfigError['path']): readonly ConfigError[] {
  if (isAddressBlock(block)) return [];
  return [{ path, message: 'Must be an IP address or a CIDR block, e.g. 10.0.0.0/8 or 2001:db8::/32.' }];
}
