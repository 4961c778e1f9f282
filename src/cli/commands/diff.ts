// `sallyport diff`: which of these principals gain or lose which roles by a change of the config. Exit codes as of diff:
// 0 no difference, 1 differences, 2 trouble.
import type { Command } from 'commander';
import type { DiffSubject, RoleChange } from '../../authz/explain/diff.js';
import { describeFailure, err, out, printConfigErrors } from '../output/print.js';
import { style } from '../output/style.js';

interface Difference {
  readonly principal: DiffSubject;
  readonly changes: readonly RoleChange[];
}

interface Report {
  readonly compared: number;
  /** How many of them had no claims. */
  readonly withoutClaims: number;
  readonly differences: readonly Difference[];
}

export function registerDiff(program: Command): void {
  program
    .command('diff')
    .description('show which principals gain or lose which roles by a change of the config')
    .argument('<old>', 'the config file as it is')
    .argument('<new>', 'the config file as it will be')
    .requiredOption(
      '--principals <file>',
      'JSON of {issuer, subject, claims, sourceAddress}, a list or one a line; or an audit log',
    )
    .option('--json', 'print JSON')
    .action(async (old: string, next: string, options: { principals: string; json?: boolean }) => {
      try {
        const report = await compare(old, next, options.principals);
        if (!report) {
          process.exitCode = 2;
          return;
        }
        out(options.json ? JSON.stringify(report, undefined, 2) : textOf(report));
        process.exitCode = report.differences.length > 0 ? 1 : 0;
      } catch (error) {
        err(`sallyport: ${describeFailure(error)}`);
        process.exitCode = 2;
      }
    });
}

/** Undefined, with the faults printed, if one of the configs is not sound. */
async function compare(old: string, next: string, file: string): Promise<Report | undefined> {
  const { readConfig } = await import('../read-config.js');
  const { readPrincipals } = await import('../read-principals.js');
  const { diffRoles: roleChanges } = await import('../../authz/explain/diff.js');
  const [before, after] = [
    await readConfig(old, { issuers: false }),
    await readConfig(next, { issuers: false }),
  ];
  for (const read of [before, after]) if (!read.ok) printConfigErrors(read.errors, 'Nothing was compared.');
  if (!before.ok || !after.ok) return undefined;
  const principals = await readPrincipals(file);
  const now = new Date();
  return {
    compared: principals.length,
    withoutClaims: principals.filter(({ claims }) => claims === undefined).length,
    differences: principals
      .map((principal) => ({
        principal,
        changes: roleChanges(principal, before, after, now),
      }))
      .filter(({ changes }) => changes.length > 0),
  };
}

function textOf({ compared, withoutClaims, differences }: Report): string {
  return [
    ...differences.flatMap(({ principal, changes }) => [
      `${principal.issuer} ${principal.subject ?? JSON.stringify(principal.claims)} from ${principal.sourceAddress}`,
      ...changes.flatMap(changeLines),
    ]),
    `${differences.length} of ${compared} principals differ.`,
    ...(withoutClaims > 0
      ? [
          `${withoutClaims} came without claims, which an audit log does not keep: "?" is what depends on them.`,
        ]
      : []),
  ].join('\n');
}

function changeLines({ role, change, before, after }: RoleChange): readonly string[] {
  switch (change) {
    case 'gains':
      return [style('green', `  + ${role}`)];
    case 'loses':
      return [style('red', `  - ${role}`)];
    case 'unknown':
      return [style('yellow', `  ? ${role}: what is written about it differs`)];
    case 'session': {
      const show = (outcome: RoleChange['before']) => (outcome ? JSON.stringify(outcome) : 'refused');
      return [`  ~ ${role}`, `      was ${show(before)}`, `      is  ${show(after)}`];
    }
  }
}
