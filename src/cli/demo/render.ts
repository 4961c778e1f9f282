// The results of the demo as a table of at most 100 columns. Each step has two lines: the request, and its result.
import { styleText } from 'node:util';
import type { DemoResult } from './run-demo.js';

const HEADINGS = ['', 'Caller', 'Proof', 'Role', 'STS operation', 'Expires (UTC)'];
const INDENT = '    ';

export function renderDemo(results: readonly DemoResult[], color: boolean): string {
  const style = (format: 'bold' | 'green' | 'red', text: string) => (color ? styleText(format, text) : text);
  const rows = results.map(({ asExpected, caller, proof, role, operation, expires }) => [
    asExpected ? 'ok' : '!!',
    caller,
    proof,
    role,
    operation,
    expires.replace(/^.*T(.*)Z$/, '$1'),
  ]);
  const widths = HEADINGS.map((_, column) =>
    Math.max(...[HEADINGS, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const steps = results.map(({ asExpected, result }, index) => {
    const request = style(asExpected ? 'green' : 'red', line(rows[index] ?? []));
    const note = asExpected ? '' : ' (NOT AS EXPECTED)';
    // The partition and the account are left out: they are the same in most rows.
    return `${request}\n${INDENT}${result.replace(/^arn:aws:sts::\d+:/, '')}${note}`;
  });
  const passed = results.filter(({ asExpected }) => asExpected).length;
  return [
    'Each caller sends a proof to the broker over HTTP. The second line is the identity that',
    'GetCallerIdentity of the sandbox STS returns for the credentials, or why the broker denies them.',
    '',
    style('bold', line(HEADINGS)),
    ...steps,
    '',
    `${passed} of ${results.length} steps had the expected result.`,
  ].join('\n');
}
