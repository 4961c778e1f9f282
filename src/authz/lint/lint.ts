// Entry point of this folder. Finds probable mistakes in a valid config: grants that are open to everyone or have no effect,
// names that are not used. Each finding has a code, and `lint.ignore` in the config can suppress it.
import type { Config } from '../../config/schema/config.js';
import type { ConfigError } from '../../core/config-error.js';
import { conditionFindings, readsOnlyClaims } from './conditions.js';
import type { Grant, IssuerSendsClaim, LintFinding } from './finding.js';
import { matchFindings } from './match.js';
import { sessionFindings } from './session.js';

/** All findings that the config does not suppress, and each `lint.ignore` entry that suppresses nothing. */
export function lint(
  config: Config,
  sends: IssuerSendsClaim,
  warnings: readonly ConfigError[] = [],
): readonly LintFinding[] {
  const findings = [
    ...warnings.map(
      (warning): LintFinding => ({ code: 'packed-size', on: warning.path.slice(0, 2).join('.'), ...warning }),
    ),
    ...coverageFindings(config),
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
  const suppresses = (entry: (typeof ignored)[number], finding: LintFinding) =>
    entry.code === finding.code && entry.on === finding.on;
  const unusedEntries = ignored.flatMap((entry, index): LintFinding[] =>
    findings.some((finding) => suppresses(entry, finding))
      ? []
      : [
          {
            code: 'ignore-unused',
            on: entry.on,
            path: ['lint', 'ignore', index],
            message: `There is no finding ${entry.code} for ${entry.on}. Remove the entry.`,
          },
        ],
  );
  return [
    ...findings.filter((finding) => !ignored.some((entry) => suppresses(entry, finding))),
    ...unusedEntries,
  ];
}

/** Whether the grant has no condition except the issuer. */
const isUnconditional = (grant: Grant) => Object.keys(grant.match).length === 0 && readsOnlyClaims(grant);

const issuersOf = (grant: Grant, config: Config) =>
  grant.issuer === undefined ? Object.keys(config.issuers) : [grant.issuer].flat();

/** Names of roles and of rolesFrom entries. An ARN may belong to any entry. */
function rolesOf(grant: Grant, config: Config): readonly string[] {
  const roleSources = Object.keys(config.rolesFrom ?? {});
  if (grant.roles?.includes('*')) return [...Object.keys(config.roles), ...roleSources];
  return (grant.roles ?? []).flatMap((role) => (role.startsWith('arn:') ? roleSources : [role]));
}

/** All pairs of an issuer and a role or permission that the grant covers, each as one string. */
const coverageOf = (grant: Grant, config: Config) =>
  issuersOf(grant, config).flatMap((issuer) =>
    [...rolesOf(grant, config), ...(grant.permissions ?? []).map((name) => `permission ${name}`)].map(
      (covered) => JSON.stringify([issuer, covered]),
    ),
  );

/** Denies that no allow is affected by, and allows that denies cancel completely. */
function coverageFindings(config: Config): readonly LintFinding[] {
  const allowed = new Set(allowsOf(config).flatMap((allow) => coverageOf(allow, config)));
  /** IDs of unconditional denies, by the covered issuer and role. */
  const denied = new Map<string, string>();
  for (const deny of config.grants.filter((grant) => isDeny(grant) && isUnconditional(grant)))
    for (const each of coverageOf(deny, config)) denied.set(each, deny.id);
  return config.grants.flatMap((grant, index): readonly LintFinding[] => {
    const at = { on: `grants.${grant.id}`, path: ['grants', index, 'id'] };
    const coverage = coverageOf(grant, config);
    if (isDeny(grant)) {
      if (coverage.some((each) => allowed.has(each))) return [];
      const message =
        'This deny has no effect, because no allow covers the same issuer and role. Correct its issuer or roles, or remove it.';
      return [{ code: 'grant-without-effect', ...at, message }];
    }
    if (coverage.length === 0 || !coverage.every((each) => denied.has(each))) return [];
    const ids = [...new Set(coverage.map((each) => denied.get(each)))].join(', ');
    const message = `This allow has no effect, because an unconditional deny covers the same: ${ids}. Remove one of them.`;
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
      message: 'No allow names this issuer, so its callers get no roles. Add a grant, or remove the issuer.',
    }));
}

/** The issuers whose callers an allow permits a role, or roles of a `rolesFrom` entry. */
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
  const unusedSources = Object.keys(config.rolesFrom ?? {})
    .filter((name) => !used.has(name))
    .map((name): LintFinding => {
      const message = 'No allow covers this rolesFrom entry. Add a grant, or remove the entry.';
      return { code: 'role-unused', on: `rolesFrom.${name}`, path: ['rolesFrom', name], message };
    });
  const roleFindingList = Object.entries(config.roles).flatMap(([name, role]) => {
    const at = { on: `roles.${name}`, path: ['roles', name] };
    const findings: LintFinding[] = [];
    if (!used.has(name)) {
      const message = 'No allow covers this role. Add a grant, or remove the role.';
      findings.push({ code: 'role-unused', ...at, message });
    }
    if (role.via === 'GetFederationToken' && !role.session?.policy && !role.session?.policyArns) {
      const message =
        'Without a session policy, a federated user has only the permissions of resource policies that name it. Add session.policy or session.policyArns.';
      findings.push({ code: 'session-without-policy', ...at, message });
    }
    return findings;
  });
  return [...roleFindingList, ...unusedSources];
}
