// The demo's results as a table that needs no explaining.
import { styleText } from 'node:util';
import type { DemoResult } from './play.js';

const HEADINGS = ['', 'Who', 'With', 'Role', 'STS operation', 'Who STS says that is, or why not', 'Until'];

export function renderDemo(results: readonly DemoResult[], color: boolean): string {
  const paint = (style: 'bold' | 'green' | 'red', text: string) => (color ? styleText(style, text) : text);
  const rows = results.map(({ asExpected, ...row }) => [
    asExpected ? 'ok' : 'NOT AS EXPECTED',
    row.who,
    row.proof,
    row.role,
    row.operation,
    // The account is the same in every row, the day is today.
    row.outcome.replace(/^arn:aws:sts::\d+:/, ''),
    row.until.replace(/^.*T(.*)Z$/, '$1 UTC'),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(...[HEADINGS, ...rows].map((row) => row[column]?.length ?? 0), heading.length),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const body = results.map(({ asExpected }, index) =>
    paint(asExpected ? 'green' : 'red', line(rows[index] ?? [])),
  );
  const good = results.filter(({ asExpected }) => asExpected).length;
  return [
    'Callers ask the broker over HTTP; the credentials are then used against the sandbox STS.',
    '',
    paint('bold', line(HEADINGS)),
    ...body,
    '',
    `${good} of ${results.length} steps came out as expected.`,
  ].join('\n');
}
