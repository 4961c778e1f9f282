// Finds the line and column of a config path in the YAML file, for error messages.
import { type Document, isMap, isNode, isPair, isScalar, type LineCounter, type Node, type Pair } from 'yaml';
import type { ConfigPath } from '../core/config-error.js';

export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

const keyOf = (pair: Pair) => (isScalar(pair.key) ? String(pair.key.value) : undefined);

/**
 * The position of the key at `path`, or of the item if its parent is a list. If the path does not exist (a missing
 * key), the position of the deepest part that exists.
 */
export function locate(document: Document, lines: LineCounter, path: ConfigPath): Position {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => isPair(item) && keyOf(item) === String(step));
      if (!pair) break;
      offset = (isNode(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      node = isNode(pair.value) ? pair.value : null;
    } else {
      const item: unknown = document.getIn(path.slice(0, depth + 1), true);
      if (!isNode(item)) break;
      node = item;
      offset = item.range?.[0] ?? offset;
    }
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
