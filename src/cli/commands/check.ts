// `sallyport check`: everything that can be known of a config before it ships: its faults, what in it is probably not
// meant, and whether its own tests pass; and the same of the candidate that it names as `shadow`.
import type { Command } from 'commander';
import type { TestResult } from '../../authz/explain/policy-tests.js';
import type { LintFinding } from '../../authz/lint/finding.js';
import type { Config } from '../../config/schema/config.js';
import type { LocatedConfigError } from '../../core/config-error.js';
import { explanationText } from '../output/explanation-text.js';
import { out } from '../output/print.js';
import { style } from '../output/style.js';
import type { ReadConfig } from '../read-config.js';

interface Options {
  readonly strict?: boolean;
  readonly json?: boolean;
}

type Placed<T> = T & { readonly line: number; readonly column: number };

interface Report {
  readonly file: string;
  readonly faults: readonly LocatedConfigError[];
  readonly warnings: readonly Placed<LintFinding>[];
  readonly tests: readonly Placed<TestResult>[];
  /** Of the candidate; its own is never asked. */
  readonly shadow?: Report;
}

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('find everything wrong with a config file and its shadow, and run their tests')
    .argument('[file]', 'the config file (YAML)', 'sallyport.yaml')
    .option('--strict', 'warnings count as faults')
    .option('--json', 'print the report as JSON')
    .action(async (file: string, { strict = false, json = false }: Options) => {
      const report = await examineWithShadow(file);
      const sound = isSound(report, strict);
      out(json ? JSON.stringify({ ok: sound, ...report }, undefined, 2) : textOf(report));
      process.exitCode = sound ? 0 : 1;
    });
}

async function examineWithShadow(file: string): Promise<Report> {
  const { readConfig } = await import('../read-config.js');
  const read = await readConfig(file, { issuers: true });
  const report = await examine(file, read);
  if (read.shadow === undefined) return report;
  const candidate = await readConfig(read.shadow, { issuers: true });
  return { ...report, shadow: await examine(read.shadow, candidate) };
}

async function examine(file: string, read: ReadConfig): Promise<Report> {
  const { lint } = await import('../../authz/lint/lint.js');
  const { runPolicyTests } = await import('../../authz/explain/policy-tests.js');
  if (!read.ok) return { file, faults: read.errors, warnings: [], tests: [] };
  const { config, policy, loaded, warnings: ofPolicy } = read;
  const placed = <T>(thing: T, path: LintFinding['path']): Placed<T> => {
    const [{ line, column } = { line: 1, column: 1 }] = loaded.locateErrors([{ path, message: '' }]);
    return { ...thing, line, column };
  };
  const warnings = lint(config, await sendsOf(config), ofPolicy).map((finding) =>
    placed(finding, finding.path),
  );
  const results = runPolicyTests(config, policy, new Date());
  return {
    file,
    faults: [],
    warnings: warnings.sort((a, b) => a.line - b.line || a.column - b.column),
    tests: results.map((result) => placed(result, ['tests', result.index])),
  };
}

/** Which claims an issuer can send, as far as its preset tells. */
async function sendsOf({ issuers }: Config) {
  const { presetSends } = await import('../../authn/oidc/presets.js');
  return (name: string, claim: string) => {
    const issuer = issuers[name];
    if (issuer?.type !== 'oidc' || issuer.preset === undefined) return undefined;
    return presetSends(issuer.preset, claim);
  };
}

const isSound = ({ faults, warnings, tests, shadow }: Report, strict: boolean): boolean =>
  faults.length === 0 &&
  tests.every(({ failures }) => failures.length === 0) &&
  (!strict || warnings.length === 0) &&
  (!shadow || isSound(shadow, strict));

const count = (number: number, thing: string) => `${number} ${thing}${number === 1 ? '' : 's'}`;

function textOf({ file, faults, warnings, tests, shadow }: Report): string {
  const at = ({ line, column }: { readonly line: number; readonly column: number }) =>
    `${file}:${line}:${column}:`;
  const failed = tests.filter(({ failures }) => failures.length > 0);
  const groups = [
    ...faults.map(
      (fault) =>
        `${at(fault)} ${style('red', 'fault')} ${[...fault.path, ''].join('.').replace(/\.$/, ': ')}${fault.message}`,
    ),
    ...warnings.map(
      (finding) =>
        `${at(finding)} ${style('yellow', 'warning')} ${finding.on}: ${finding.message} [${finding.code}]`,
    ),
    ...failed.map((test) => failureText(at(test), test)),
  ];
  const summary = [
    count(faults.length, 'fault'),
    count(warnings.length, 'warning'),
    faults.length > 0
      ? 'tests not run'
      : `${tests.length - failed.length} of ${count(tests.length, 'test')} passed`,
  ];
  const own = [...groups, `${file}: ${summary.join(', ')}.`];
  return [...own, ...(shadow ? [textOf(shadow)] : [])].join('\n');
}

function failureText(place: string, { name, failures }: TestResult): string {
  const lines = failures.flatMap(({ role, message, explanation }) => [
    `${place} ${style('red', 'failed')} ${name}: ${role} ${message}.`,
    explanationText(explanation).replace(/^/gm, '    '),
  ]);
  return lines.join('\n');
}
