// What in a sound config is probably not meant: grants wide open or without effect, names nobody uses. Each finding has
// a code, and can be silenced in the file with a reason.
import type { Config } from '../../config/schema/config.js';
import type { ConfigError } from '../../core/config-error.js';
import { conditionFindings, readsOnlyClaims } from './conditions.js';
import type { Grant, IssuerSendsClaim, LintFinding } from './finding.js';
import { matchFindings } from './match.js';
import { sessionFindings } from './session.js';

/** All findings but those that the file silences; and each entry that silences nothing. */
export function lint(
  config: Config,
  sends: IssuerSendsClaim,
  warnings: readonly ConfigError[] = [],
): readonly LintFinding[] {
  const findings = [
    ...warnings.map(
      (warning): LintFinding => ({ code: 'packed-size', on: warning.path.slice(0, 2).join('.'), ...warning }),
    ),
    ...reachFindings(config),
    ...config.grants.flatMap((grant, index) => {
      const issuers = issuersOf(grant, config);
      return [
        ...matchFindings(grant, index, config, issuers, sends),
        ...conditionFindings(grant, index, config, issuers, sends),
      ];
    }),
    ...issuerFindings(config),
    ...roleFindings(config),
    ...sessionFindings(config, issuersByRole(config), sends),
  ];
  const ignored = config.lint?.ignore ?? [];
  const silences = (entry: (typeof ignored)[number], finding: LintFinding) =>
    entry.code === finding.code && entry.on === finding.on;
  const idle = ignored.flatMap((entry, index): LintFinding[] =>
    findings.some((finding) => silences(entry, finding))
      ? []
      : [
          {
            code: 'ignore-unused',
            on: entry.on,
            path: ['lint', 'ignore', index],
            message: `There is no finding ${entry.code} on ${entry.on}. Remove the entry.`,
          },
        ],
  );
  return [...findings.filter((finding) => !ignored.some((entry) => silences(entry, finding))), ...idle];
}

/** Whether it asks nothing of the caller but the issuer. */
const isUnconditional = (grant: Grant) => Object.keys(grant.match).length === 0 && readsOnlyClaims(grant);

const issuersOf = (grant: Grant, config: Config) =>
  grant.issuer === undefined ? Object.keys(config.issuers) : [grant.issuer].flat();

/** Names of roles and of entries of rolesFrom. An ARN may be of any entry. */
function rolesOf(grant: Grant, config: Config): readonly string[] {
  const families = Object.keys(config.rolesFrom ?? {});
  if (grant.roles?.includes('*')) return [...Object.keys(config.roles), ...families];
  return (grant.roles ?? []).flatMap((role) => (role.startsWith('arn:') ? families : [role]));
}

/** Every issuer and role it is about, as one word each. */
const reachOf = (grant: Grant, config: Config) =>
  issuersOf(grant, config).flatMap((issuer) =>
    [...rolesOf(grant, config), ...(grant.permissions ?? []).map((name) => `permission ${name}`)].map(
      (thing) => JSON.stringify([issuer, thing]),
    ),
  );

/** Denies of what nobody is given, and allows of which denies take away everything. */
function reachFindings(config: Config): readonly LintFinding[] {
  const given = new Set(allowsOf(config).flatMap((allow) => reachOf(allow, config)));
  const taken = new Map<string, string>();
  for (const deny of config.grants.filter((grant) => isDeny(grant) && isUnconditional(grant)))
    for (const each of reachOf(deny, config)) taken.set(each, deny.id);
  return config.grants.flatMap((grant, index): readonly LintFinding[] => {
    const at = { on: `grants.${grant.id}`, path: ['grants', index, 'id'] };
    const reach = reachOf(grant, config);
    if (isDeny(grant)) {
      if (reach.some((each) => given.has(each))) return [];
      const message = 'No allow gives what this denies. Correct its issuer or roles, or remove it.';
      return [{ code: 'grant-without-effect', ...at, message }];
    }
    if (reach.length === 0 || !reach.every((each) => taken.has(each))) return [];
    const ids = [...new Set(reach.map((each) => taken.get(each)))].join(', ');
    const message = `Everything it gives is denied without conditions, by ${ids}. Remove one of them.`;
    return [{ code: 'grant-shadowed', ...at, message }];
  });
}

const isDeny = ({ effect }: Grant) => effect === 'deny';

const allowsOf = (config: Config) => config.grants.filter((grant) => !isDeny(grant));

function issuerFindings(config: Config): readonly LintFinding[] {
  const used = new Set(allowsOf(config).flatMap((grant) => issuersOf(grant, config)));
  return Object.keys(config.issuers)
    .filter((name) => !used.has(name))
    .map((name) => ({
      code: 'issuer-unused',
      on: `issuers.${name}`,
      path: ['issuers', name],
      message: 'No allow names this issuer: its callers get nothing. Add a grant, or remove it.',
    }));
}

/** Issuers whose callers some allow gives a role, or roles of an entry of `rolesFrom`. */
function issuersByRole(config: Config): (name: string) => readonly string[] {
  const byRole = new Map<string, Set<string>>();
  for (const grant of allowsOf(config)) {
    for (const role of rolesOf(grant, config)) {
      const issuers = byRole.get(role) ?? new Set();
      byRole.set(role, issuers);
      for (const issuer of issuersOf(grant, config)) issuers.add(issuer);
    }
  }
  return (name) => [...(byRole.get(name) ?? [])];
}

function roleFindings(config: Config): readonly LintFinding[] {
  const used = new Set(allowsOf(config).flatMap((grant) => rolesOf(grant, config)));
  const idle = Object.keys(config.rolesFrom ?? {})
    .filter((name) => !used.has(name))
    .map((name): LintFinding => {
      const message = 'No allow gives roles of this entry. Add a grant, or remove it.';
      return { code: 'role-unused', on: `rolesFrom.${name}`, path: ['rolesFrom', name], message };
    });
  const named = Object.entries(config.roles).flatMap(([name, role]) => {
    const at = { on: `roles.${name}`, path: ['roles', name] };
    const findings: LintFinding[] = [];
    if (!used.has(name)) {
      const message = 'No allow gives this role. Add a grant, or remove it.';
      findings.push({ code: 'role-unused', ...at, message });
    }
    if (role.via === 'GetFederationToken' && !role.session?.policy && !role.session?.policyArns) {
      const message =
        'A federated user without a session policy may do nothing but what a resource policy gives it by name. Add session.policy or session.policyArns.';
      findings.push({ code: 'session-without-policy', ...at, message });
    }
    return findings;
  });
  return [...named, ...idle];
}
