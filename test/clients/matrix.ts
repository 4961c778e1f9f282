// The compatibility matrix in docs/clients.md. Each row is the result of a test run.
const BEGIN = '<!-- matrix -->\n';
const END = '<!-- /matrix -->';
const TABLE_HEAD = '| client | integration | works | error of a denied request | |\n|---|---|---|---|---|\n';

export interface TestResult {
  readonly works: boolean;
  /** Result of a request for a role that is not permitted. Undefined if the client does not call the broker. */
  readonly refusal?: {
    /** The user sees the error message of the broker. */
    readonly shown: boolean;
    /** Requests until the client gave up. */
    readonly requests: number;
  };
}

export interface Row {
  readonly client: string;
  readonly integration: string;
  /** A restriction, or the reason of the failure. */
  readonly note: string;
  /** Undefined if the client is not installed. */
  readonly result: TestResult | undefined;
}

/** Returns the page with these rows in its table. A row that was not tested is unchanged. */
export function withMatrix(page: string, rows: readonly Row[]): string {
  const start = page.indexOf(BEGIN) + BEGIN.length;
  const end = page.indexOf(END, start);
  const before = page.slice(start, end).split('\n');
  const table = rows.map(({ client, integration, note, result }) => {
    const key = line(client, integration);
    if (!result) return before.find((old) => old.startsWith(key)) ?? key;
    return key + line(result.works ? 'yes' : '**no**', refusalOf(result), note).slice(1);
  });
  return `${page.slice(0, start)}${TABLE_HEAD}${table.join('\n')}\n${page.slice(end)}`;
}

const line = (...cells: readonly string[]) =>
  `|${cells.map((cell) => ` ${cell} |`.replace(/^ +\|/, ' |')).join('')}`;

function refusalOf({ refusal }: TestResult): string {
  if (!refusal) return '';
  const times = refusal.requests === 1 ? 'no retry' : `after ${refusal.requests} requests`;
  return `${refusal.shown ? 'shown' : '**hidden**'}, ${times}`;
}
