// `sallyport check`: validates a config before it is deployed. It reports errors and likely mistakes, runs the tests in
// the config, and does the same for the config in `shadow`.
import type { Command } from 'commander';
import type { TestResult } from '../../authz/explain/policy-tests.js';
import type { LintFinding } from '../../authz/lint/finding.js';
import type { Config } from '../../config/schema/config.js';
import type { LocatedConfigError } from '../../core/config-error.js';
import type { CompiledConfig } from '../compile-config.js';
import { sortByLocation } from '../output/errors.js';
import { explanationText } from '../output/explanation-text.js';
import type { StyleFunction, Terminal } from '../terminal.js';

interface Options {
  readonly strict?: boolean;
  readonly json?: boolean;
}

type Located<T> = T & { readonly line: number; readonly column: number };

/** The JSON of `--json`, apart from `ok`. */
interface Report {
  readonly file: string;
  readonly faults: readonly LocatedConfigError[];
  readonly warnings: readonly Located<LintFinding>[];
  readonly tests: readonly Located<TestResult>[];
  /** Report of the shadow config. A shadow config of the shadow config is ignored. */
  readonly shadow?: Report;
}

export function registerCheck(program: Command, terminal: Terminal): void {
  program
    .command('check')
    .description('validate a config file and its shadow config, and run their tests')
    .argument('[file]', 'config file (YAML)', 'sallyport.yaml')
    .option('--strict', 'treat warnings as errors')
    .option('--json', 'print the report as JSON')
    .action(async (file: string, { strict = false, json = false }: Options) => {
      const report = await checkWithShadow(file, terminal.env);
      const ok = isOk(report, strict);
      terminal.print(
        json ? JSON.stringify({ ok, ...report }, undefined, 2) : reportText(report, terminal.style),
      );
      terminal.setExitCode(ok ? 0 : 1);
    });
}

async function checkWithShadow(file: string, env: NodeJS.ProcessEnv): Promise<Report> {
  const { compileConfig } = await import('../compile-config.js');
  const compiled = await compileConfig(file, env, { issuers: true });
  const report = await checkConfig(file, compiled);
  if (compiled.shadow === undefined) return report;
  const shadow = await compileConfig(compiled.shadow, env, { issuers: true });
  return { ...report, shadow: await checkConfig(compiled.shadow, shadow) };
}

async function checkConfig(file: string, compiled: CompiledConfig): Promise<Report> {
  const { lint } = await import('../../authz/lint/lint.js');
  const { runPolicyTests } = await import('../../authz/explain/policy-tests.js');
  if (!compiled.ok) return { file, faults: compiled.errors, warnings: [], tests: [] };
  const { config, policy, loaded, warnings: policyWarnings } = compiled;
  const locate = <T>(item: T, path: LintFinding['path']): Located<T> => {
    const [{ line, column } = { line: 1, column: 1 }] = loaded.locateErrors([{ path, message: '' }]);
    return { ...item, line, column };
  };
  const warnings = lint(config, await presetClaims(config), policyWarnings);
  const tests = runPolicyTests(config, policy, new Date());
  return {
    file,
    faults: [],
    warnings: sortByLocation(warnings.map((finding) => locate(finding, finding.path))),
    tests: tests.map((result) => locate(result, ['tests', result.index])),
  };
}

/** Whether an issuer can send a claim. Undefined without a preset that defines its claims. */
async function presetClaims({ issuers }: Config) {
  const { presetSends } = await import('../../authn/oidc/presets.js');
  return (name: string, claim: string) => {
    const issuer = issuers[name];
    if (issuer?.type !== 'oidc' || issuer.preset === undefined) return undefined;
    return presetSends(issuer.preset, claim);
  };
}

const isOk = ({ faults, warnings, tests, shadow }: Report, strict: boolean): boolean =>
  faults.length === 0 &&
  tests.every(({ failures }) => failures.length === 0) &&
  (!strict || warnings.length === 0) &&
  (!shadow || isOk(shadow, strict));

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

function reportText({ file, faults, warnings, tests, shadow }: Report, style: StyleFunction): string {
  const location = ({ line, column }: { readonly line: number; readonly column: number }) =>
    `${file}:${line}:${column}:`;
  const failed = tests.filter(({ failures }) => failures.length > 0);
  const summary = [
    count(faults.length, 'error'),
    count(warnings.length, 'warning'),
    faults.length > 0
      ? 'tests not run'
      : `${tests.length - failed.length} of ${count(tests.length, 'test')} passed`,
  ];
  return [
    ...faults.map(
      (error) =>
        `${location(error)} ${style('red', 'error')} ${[...error.path, ''].join('.').replace(/\.$/, ': ')}${error.message}`,
    ),
    ...warnings.map(
      (finding) =>
        `${location(finding)} ${style('yellow', 'warning')} ${finding.on}: ${finding.message} [${finding.code}]`,
    ),
    ...failed.map((test) => failureText(location(test), test, style)),
    `${file}: ${summary.join(', ')}.`,
    ...(shadow ? [reportText(shadow, style)] : []),
  ].join('\n');
}

function failureText(location: string, { name, failures }: TestResult, style: StyleFunction): string {
  const lines = failures.flatMap(({ role, message, explanation }) => [
    `${location} ${style('red', 'failed')} ${name}: ${role} ${message}.`,
    explanationText(explanation, style).replace(/^/gm, '    '),
  ]);
  return lines.join('\n');
}
