// `sallyport diff`: shows which principals gain or lose which roles between two configs. Exit codes as of diff(1).
import type { Command } from 'commander';
import type { DiffSubject, RoleChange } from '../../authz/explain/diff.js';
import { configErrorText, errorMessage } from '../output/errors.js';
import type { StyleFunction, Terminal } from '../terminal.js';

interface Options {
  readonly principals: string;
  readonly json?: boolean;
}

/** The JSON of `--json`. */
interface Report {
  /** Number of principals. */
  readonly compared: number;
  readonly withoutClaims: number;
  readonly differences: readonly PrincipalDifference[];
}

interface PrincipalDifference {
  readonly principal: DiffSubject;
  readonly changes: readonly RoleChange[];
}

export function registerDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .description('compare two configs: show which principals gain or lose which roles')
    .argument('<old>', 'current config file')
    .argument('<new>', 'new config file')
    .requiredOption(
      '--principals <file>',
      'principals as JSON {issuer, subject, claims, sourceAddress}, in a list or one per line; or an audit log',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample: sallyport diff sallyport.yaml new.yaml --principals audit.jsonl\n\nExit codes: 0 no differences, 1 differences, 2 error.',
    )
    .action(async (old: string, next: string, { principals, json = false }: Options) => {
      try {
        const report = await compare(old, next, principals, terminal);
        if (!report) return terminal.setExitCode(2);
        terminal.print(json ? JSON.stringify(report, undefined, 2) : reportText(report, terminal.style));
        terminal.setExitCode(report.differences.length > 0 ? 1 : 0);
      } catch (error) {
        terminal.printError(`sallyport: ${errorMessage(error)}`);
        terminal.setExitCode(2);
      }
    });
}

/** Prints errors and returns undefined if a config is invalid. */
async function compare(
  old: string,
  next: string,
  principalsFile: string,
  terminal: Terminal,
): Promise<Report | undefined> {
  const { compileConfig } = await import('../compile-config.js');
  const { readPrincipals } = await import('../read-principals.js');
  const { diffRoles } = await import('../../authz/explain/diff.js');
  const before = await compileConfig(old, terminal.env, { issuers: false });
  const after = await compileConfig(next, terminal.env, { issuers: false });
  for (const compiled of [before, after])
    if (!compiled.ok) terminal.printError(configErrorText(compiled.errors, 'Nothing was compared.'));
  if (!before.ok || !after.ok) return undefined;
  const principals = await readPrincipals(principalsFile);
  const now = new Date();
  return {
    compared: principals.length,
    withoutClaims: principals.filter(({ claims }) => claims === undefined).length,
    differences: principals
      .map((principal) => ({ principal, changes: diffRoles(principal, before, after, now) }))
      .filter(({ changes }) => changes.length > 0),
  };
}

function reportText({ compared, withoutClaims, differences }: Report, style: StyleFunction): string {
  return [
    ...differences.flatMap(({ principal, changes }) => [
      `${principal.issuer} ${principal.subject ?? JSON.stringify(principal.claims)} from ${principal.sourceAddress}`,
      ...changes.flatMap((change) => changeLines(change, style)),
    ]),
    `${differences.length} of ${compared} principals differ.`,
    ...(withoutClaims > 0
      ? [
          `${withoutClaims} of them have no claims, because audit logs contain none. "?" marks roles that can depend on claims.`,
        ]
      : []),
  ].join('\n');
}

function changeLines({ role, change, before, after }: RoleChange, style: StyleFunction): readonly string[] {
  switch (change) {
    case 'gains':
      return [style('green', `  + ${role}`)];
    case 'loses':
      return [style('red', `  - ${role}`)];
    case 'unknown':
      return [style('yellow', `  ? ${role}: its definition or grants differ`)];
    case 'session': {
      const show = (outcome: RoleChange['before']) => (outcome ? JSON.stringify(outcome) : 'denied');
      return [`  ~ ${role}`, `      old ${show(before)}`, `      new ${show(after)}`];
    }
  }
}
