// Parses YAML text to plain values. In addition to syntax errors it refuses numbers that YAML changes when it reads
// them, and aliases that could expand without limit.
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
      /** Errors in values that can be parsed but are probably mistakes. */
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
  // An unexpected token after another error is only its consequence.
  const relevant = document.errors.filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN');
  const syntaxErrors = relevant.map(({ pos, message }) =>
    at(pos[0], `Invalid YAML: ${message.replace(/\.$/, '')}.`),
  );
  const errors = syntaxErrors.length > 0 ? syntaxErrors : findAliasErrors(document, at);
  if (errors.length > 0) return { ok: false, errors };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, value, document, lines, errors: findChangedNumbers(document.contents, []) };
  } catch {
    return { ok: false, errors: [at(0, 'Too many YAML aliases. Write the values out.')] };
  }
}

function findAliasErrors<T>(document: Document, at: (offset: number, message: string) => T): T[] {
  const errors: T[] = [];
  visit(document, {
    Alias: (_, alias: Alias, ancestors) => {
      const target = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (!target) errors.push(at(offset, 'YAML alias without an anchor before it. Correct its name.'));
      else if (ancestors.some((ancestor) => ancestor === target))
        errors.push(at(offset, 'YAML alias refers to a value that contains it. Write the value out.'));
    },
  });
  return errors;
}

/** Numbers that YAML changes: an account ID loses its leading zero, a version its trailing zero, a long ID its precision. */
function findChangedNumbers(node: Node | null | undefined, path: ConfigPath): readonly ConfigError[] {
  if (isMap<unknown, Node | null>(node)) {
    return node.items.flatMap(({ key, value }) =>
      findChangedNumbers(value, [...path, isScalar(key) ? String(key.value) : '']),
    );
  }
  if (isSeq<Node | null>(node))
    return node.items.flatMap((item, index) => findChangedNumbers(item, [...path, index]));
  if (!isScalar(node) || typeof node.value !== 'number' || String(node.value) === node.source) return [];
  return [
    {
      path,
      message: `YAML reads this number as ${node.value}. Put it in quotes, or write it as YAML reads it.`,
    },
  ];
}
