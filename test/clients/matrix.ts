// The table in docs/clients.md of what works with what. It holds no verdict: each row is what a test run saw.
const BEGIN = '<!-- matrix -->\n';
const END = '<!-- /matrix -->';
const HEAD = '| client | shape | works | a refusal is | |\n|---|---|---|---|---|\n';

export interface Seen {
  readonly works: boolean;
  /** What became of a role that is not permitted; undefined where the broker is not asked. */
  readonly refusal?: {
    /** Whether the user reads the broker's words. */
    readonly shown: boolean;
    /** Requests until the client gave up. */
    readonly requests: number;
  };
}

export interface Row {
  readonly client: string;
  readonly shape: string;
  /** What to mind, or why it does not work. */
  readonly note: string;
  /** Undefined where the client is missing on this machine. */
  readonly seen: Seen | undefined;
}

/** The page with these rows in its table. A row that was not seen stays as it is on the page. */
export function withMatrix(page: string, rows: readonly Row[]): string {
  const start = page.indexOf(BEGIN) + BEGIN.length;
  const end = page.indexOf(END, start);
  const before = page.slice(start, end).split('\n');
  const table = rows.map(({ client, shape, note, seen }) => {
    const key = line(client, shape);
    if (!seen) return before.find((old) => old.startsWith(key)) ?? key;
    return key + line(seen.works ? 'yes' : '**no**', refusalOf(seen), note).slice(1);
  });
  return `${page.slice(0, start)}${HEAD}${table.join('\n')}\n${page.slice(end)}`;
}

const line = (...cells: readonly string[]) =>
  `|${cells.map((cell) => ` ${cell} |`.replace(/^ +\|/, ' |')).join('')}`;

function refusalOf({ refusal }: Seen): string {
  if (!refusal) return '';
  const times = refusal.requests === 1 ? 'at once' : `after ${refusal.requests} requests`;
  return `${refusal.shown ? 'shown' : '**hidden**'}, ${times}`;
}
