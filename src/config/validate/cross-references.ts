// Checks that a JSON Schema cannot express: names that must exist, IDs that must be unique, settings that depend on each
// other. An error has the path of the value but does not quote it, because it may come from the environment.
import { isLoopback, isSecureUrl } from '@sallyport/client/internal/secure-url';
import { isAddressBlock } from '../../core/address.js';
import { IAM_ROLE_ARN_PATTERN } from '../../core/arn.js';
import type { ConfigError } from '../../core/config-error.js';
import { seconds } from '../../core/duration.js';
import { parseInstant } from '../../core/time.js';
import type { Config } from '../schema/config.js';
import { MAX_TOKEN_LIFETIME } from '../schema/web-identity.js';
import { checkAws } from './aws.js';

/** Names as written in the file, including invalid entries. Undefined: references to them cannot be checked. */
interface Names {
  readonly issuers: readonly string[] | undefined;
  readonly roles: readonly string[] | undefined;
  readonly rolesFrom: readonly string[];
  /** Whether the section exists, valid or not. */
  readonly webIdentity: boolean;
  /** `aws.region` as written in the file. */
  readonly region: unknown;
}

/** Checks a config that conforms to the schema. */
export function checkCrossReferences(config: Config, names: Names): readonly ConfigError[] {
  return [
    ...checkServer(config),
    ...checkAws(config, names.region === config.aws.region),
    ...checkWebIdentity(config),
    ...checkRoles(config, names),
    ...checkRoleSourceNames(names),
    ...checkGrants(config, names),
    ...checkTests(config, names),
  ];
}

/** IAM requires https for an OIDC provider: without it, an attacker in the network could replace the keys and sign tokens. */
function checkWebIdentity({ webIdentity, server }: Config): readonly ConfigError[] {
  if (!webIdentity) return [];
  const { issuer = server.url, lifetime } = webIdentity;
  const at = (key: string) => ['webIdentity', key];
  const errors: ConfigError[] = [];
  if (!isSecureUrl(issuer)) {
    const message = 'Must be an https URL, or http on loopback. If it is not set, server.url is used.';
    errors.push({ path: at('issuer'), message });
  }
  if (lifetime !== undefined && (seconds(lifetime) < 60 || seconds(lifetime) > MAX_TOKEN_LIFETIME))
    errors.push({ path: at('lifetime'), message: 'Must be a duration of 1m to 1h.' });
  return errors;
}

function checkServer({ server }: Config): readonly ConfigError[] {
  const host = server.listen?.host ?? '127.0.0.1';
  const errors: ConfigError[] = [];
  if (!server.tls && !server.trustProxy && !isLoopback(host)) {
    errors.push({
      path: ['server', 'listen', 'host'],
      message:
        'Credentials would be sent over the network without TLS. Set server.tls, set server.trustProxy to the proxy that terminates TLS, or listen on 127.0.0.1.',
    });
  }
  const proxies = server.trustProxy ?? [];
  return [
    ...errors,
    ...proxies.flatMap((block, index) => checkAddressBlock(block, ['server', 'trustProxy', index])),
  ];
}

function checkRoles({ roles }: Config, { webIdentity }: Names): readonly ConfigError[] {
  return Object.entries(roles).flatMap(([name, role]): readonly ConfigError[] => {
    if (role.via !== 'AssumeRoleWithWebIdentity') return [];
    if (role.webIdentity === 'broker') {
      const message =
        'webIdentity: broker requires signing keys. Create a key folder with "sallyport issuer generate" and set it as webIdentity.keys.';
      return webIdentity ? [] : [{ path: ['roles', name, 'webIdentity'], message }];
    }
    // STS reads these from the caller's token, which the broker cannot change.
    const message =
      "STS takes this only from the claims of the caller's JWT. Remove it, or set webIdentity: broker on the role.";
    return (['tags', 'transitiveTags', 'sourceIdentity'] as const)
      .filter((key) => role.session?.[key] !== undefined)
      .map((key) => ({ path: ['roles', name, 'session', key], message }));
  });
}

/** Grants refer to roles and to rolesFrom entries by name, so no name may be both. */
function checkRoleSourceNames({ roles = [], rolesFrom }: Names): readonly ConfigError[] {
  return rolesFrom
    .filter((name) => roles.includes(name))
    .map((name) => ({
      path: ['rolesFrom', name],
      message: 'A role already has this name. Rename one of them.',
    }));
}

function checkGrants({ grants, roles }: Config, names: Names): readonly ConfigError[] {
  const ids = new Set<string>();
  const namesByArn = groupNamesByArn(roles);
  return grants.flatMap((grant, index) => {
    const errors: ConfigError[] = [];
    const at = (...rest: (string | number)[]) => ['grants', index, ...rest];
    if (ids.has(grant.id))
      errors.push({ path: at('id'), message: 'Another grant already has this id. Rename one of them.' });
    ids.add(grant.id);
    if (grant.issuer === undefined && grant.effect !== 'deny') {
      errors.push({
        path: at('id'),
        message:
          'An allow must set issuer, because the same claim can mean something else at another issuer. Add issuer.',
      });
    }
    if (grant.mfa === 'required' && grant.effect === 'deny') {
      errors.push({
        path: at('mfa'),
        message:
          'mfa: required on a deny would refuse callers who did use multi-factor authentication. Set it on the allow instead.',
      });
    }
    if (!grant.roles && !grant.permissions)
      errors.push({ path: at('id'), message: 'The grant has no roles and no permissions. Add one of them.' });
    const issuers = [grant.issuer ?? []].flat();
    const issuerPath = (position: number) =>
      Array.isArray(grant.issuer) ? at('issuer', position) : at('issuer');
    return [
      ...errors,
      ...checkNames('issuer', issuers, names.issuers, issuerPath),
      ...checkNames(
        'role',
        grant.roles ?? [],
        names.roles && ['*', ...names.roles, ...names.rolesFrom, ...claimableArns(names, grant.roles ?? [])],
        (position) => at('roles', position),
      ),
      ...claimableArns(names, grant.roles ?? []).flatMap((arn) => {
        const known = namesByArn.get(arn.toLowerCase());
        const message = `The config has this IAM role under roles, so a grant must use its name. Write ${known?.join(', ')}.`;
        return known ? [{ path: at('roles', (grant.roles ?? []).indexOf(arn)), message }] : [];
      }),
      ...(grant.from ?? []).flatMap((block, position) => checkAddressBlock(block, at('from', position))),
    ];
  });
}

/** Role ARNs in the list, if the config lets claims name roles. */
const claimableArns = (names: Names, roles: readonly string[]) =>
  names.rolesFrom.length > 0 ? roles.filter((role) => new RegExp(IAM_ROLE_ARN_PATTERN).test(role)) : [];

/** Names of the roles by the ARN of their IAM role, in lower case because role names in IAM are unique regardless of case. */
function groupNamesByArn(roles: Config['roles']): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [name, role] of Object.entries(roles)) {
    if (!('roleArn' in role)) continue;
    const arn = role.roleArn.toLowerCase();
    names.set(arn, [...(names.get(arn) ?? []), name]);
  }
  return names;
}

function checkTests({ tests = [] }: Config, names: Names): readonly ConfigError[] {
  return tests.flatMap((test, index) => {
    const at = (...rest: (string | number)[]) => ['tests', index, ...rest];
    const errors =
      test.allow || test.deny || test.session
        ? []
        : [{ path: at(), message: 'The test has no expectation. Add allow, deny or session.' }];
    const known = (roles: readonly string[]) =>
      names.roles && [...names.roles, ...claimableArns(names, roles)];
    const roles = (key: 'allow' | 'deny') =>
      checkNames('role', test[key] ?? [], known(test[key] ?? []), (position) => at(key, position));
    const sessions = Object.keys(test.session ?? {});
    const { now } = test.principal;
    const isInvalidTime = now !== undefined && parseInstant(now) === undefined;
    return [
      ...errors,
      ...(isInvalidTime
        ? [
            {
              path: at('principal', 'now'),
              message: 'Invalid date or time. Use a time such as 2026-11-21T12:00:00Z.',
            },
          ]
        : []),
      ...checkNames('issuer', [test.principal.issuer], names.issuers, () => at('principal', 'issuer')),
      ...roles('allow'),
      ...roles('deny'),
      ...checkNames('role', sessions, known(sessions), (position) => at('session', sessions[position] ?? '')),
    ];
  });
}

function checkNames(
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
      : [{ path: pathOf(position), message: `Unknown ${kind}. Known ${kind}s: ${known.join(', ')}.` }],
  );
}

function checkAddressBlock(block: string, path: ConfigError['path']): readonly ConfigError[] {
  if (isAddressBlock(block)) return [];
  return [
    { path, message: 'Must be an IP address or a CIDR block, for example 10.0.0.0/8 or 2001:db8::/32.' },
  ];
}
