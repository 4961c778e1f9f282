// YAML text -> plain values, or what is wrong with the text. Refused besides bad syntax: what YAML would read otherwise
// than it stands there, and aliases that could grow without end.
import {
  type Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigError, ConfigPath } from '../core/config-error.js';
import type { Position } from './locate.js';

const MAX_ALIASES = 100;

export type YamlResult =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly document: Document;
      readonly lines: LineCounter;
      /** Values that can be read, but hardly as they are meant. */
      readonly errors: readonly ConfigError[];
    }
  | { readonly ok: false; readonly errors: readonly (Position & { readonly message: string })[] };

/** Reads one YAML 1.2 document. Never throws. */
export function readYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    version: '1.2',
    prettyErrors: false,
  });
  const at = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  // What follows from an earlier error, and says nothing more.
  const own = document.errors.filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN');
  const errors = own.map(({ pos, message }) =>
    at(pos[0], `This is not valid YAML: ${message.replace(/\.$/, '')}.`),
  );
  const problems = errors.length > 0 ? errors : aliasProblems(document, at);
  if (problems.length > 0) return { ok: false, errors: problems };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, value, document, lines, errors: numberFaults(document.contents, []) };
  } catch {
    return { ok: false, errors: [at(0, 'The YAML has too many aliases. Write it out.')] };
  }
}

function aliasProblems<T>(document: Document, at: (offset: number, message: string) => T): T[] {
  const problems: T[] = [];
  visit(document, {
    Alias: (_, alias: Alias, ancestors) => {
      const target = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (!target) problems.push(at(offset, 'This alias has no anchor before it. Correct its name.'));
      else if (ancestors.some((ancestor) => ancestor === target))
        problems.push(at(offset, 'This alias is inside of what it stands for. Write it out.'));
    },
  });
  return problems;
}

/** An account id loses its first zero as a number, a version its last one, a long id its end: a rule would be about something else. */
function numberFaults(node: Node | null | undefined, path: ConfigPath): readonly ConfigError[] {
  if (isMap<unknown, Node | null>(node)) {
    return node.items.flatMap(({ key, value }) =>
      numberFaults(value, [...path, isScalar(key) ? String(key.value) : '']),
    );
  }
  if (isSeq<Node | null>(node))
    return node.items.flatMap((item, index) => numberFaults(item, [...path, index]));
  if (!isScalar(node) || typeof node.value !== 'number' || String(node.value) === node.source) return [];
  return [{ path, message: `YAML reads this number as ${node.value}. Put it in quotes, or write it so.` }];
}
