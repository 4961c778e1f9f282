// The difference of two texts in the format of `diff -u`: one hunk with three lines of context.

const CONTEXT = 3;
const NO_NEWLINE = '\n\\ No newline at end of file';

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Returns '' if the texts are equal. `redact` is applied to each line. */
export function unifiedDiff(
  file: string,
  before: string,
  after: string,
  redact: (line: string) => string = (line) => line,
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
      ({ mark, text }) => mark + redact(text.replace(/\r?\n$/, '')) + (text.endsWith('\n') ? '' : NO_NEWLINE),
    ),
  ].join('\n');
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const unchanged = (text: string): Line => ({ mark: ' ', text });

function commonStart(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((line, index) => line !== b[index]);
  return at < 0 ? a.length : at;
}

/** Longest common subsequence. `table` holds its length for every pair of suffixes. */
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
