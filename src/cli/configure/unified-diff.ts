// What changes in a text, as `diff -u` shows it: one hunk, with three lines around it.

const CONTEXT = 3;
const NO_END = '\n\\ No newline at end of file';

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** `''` if nothing changes. `show` makes of each line what may be shown. */
export function unifiedDiff(
  file: string,
  before: string,
  after: string,
  show: (line: string) => string = (line) => line,
): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  const start = commonStart(old, now);
  const end = commonStart(old.slice(start).reverse(), now.slice(start).reverse());
  const changed = difference(old.slice(start, old.length - end), now.slice(start, now.length - end));
  if (changed.length === 0) return '';
  const first = Math.max(0, start - CONTEXT);
  const lines = [
    ...old.slice(first, start).map(unchanged),
    ...changed,
    ...old
      .slice(old.length - end)
      .slice(0, CONTEXT)
      .map(unchanged),
  ];
  const count = (mark: Line['mark']) =>
    lines.filter((line) => line.mark === ' ' || line.mark === mark).length;
  const range = (length: number) => `${length === 0 ? first : first + 1},${length}`;
  return [
    `--- ${file}`,
    `+++ ${file}`,
    `@@ -${range(count('-'))} +${range(count('+'))} @@`,
    ...lines.map(
      ({ mark, text }) => mark + show(text.replace(/\r?\n$/, '')) + (text.endsWith('\n') ? '' : NO_END),
    ),
  ].join('\n');
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const unchanged = (text: string): Line => ({ mark: ' ', text });

function commonStart(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((line, index) => line !== b[index]);
  return at < 0 ? a.length : at;
}

/** By a longest common subsequence: the table holds its length for every pair of rests. */
function difference(old: readonly string[], now: readonly string[]): readonly Line[] {
  const width = now.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  const length = (i: number, j: number) => table[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1)
      table[i * width + j] =
        old[i] === now[j] ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
  }
  const lines: Line[] = [];
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    const [removed, added] = [old[i], now[j]];
    if (removed !== undefined && removed === added) {
      lines.push(unchanged(removed));
      i += 1;
      j += 1;
    } else if (removed !== undefined && (added === undefined || length(i + 1, j) >= length(i, j + 1))) {
      lines.push({ mark: '-', text: removed });
      i += 1;
    } else if (added !== undefined) {
      lines.push({ mark: '+', text: added });
      j += 1;
    }
  }
  return lines;
}
