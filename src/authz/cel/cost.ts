// What evaluating an expression can cost at most, from its form and the size of the claims: a list walked through
// counts with the longest list there is, a text compared with the longest text. Never less than the true cost.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { ClaimsSize } from '../grants/evaluation-context.js';

/** Methods that walk through a list: each evaluates its argument once for every item. */
export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** Texts and lists are compared this many characters or items a step. */
const SPAN = 8;

/** An error costs as much as this many steps, and a walk or an operator may meet one at every item and go on. */
const ERROR = 500;

export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

/** How often something is done within each depth of walks, by kind of work. */
interface Work {
  readonly steps: number;
  /** Comparisons of two texts or lists of plain values. */
  readonly scans: number;
  /** Comparisons of items of lists. */
  readonly items: number;
  /** Comparisons of values of any shape. */
  readonly deep: number;
  /** Instructions of patterns, each run over a text. */
  readonly pattern: number;
}

/** Steps for claims of a size. `programSize` gives the instructions of a pattern. */
export function costOf(ast: ASTNode, programSize: (pattern: string) => number): (size: ClaimsSize) => number {
  const byDepth: Work[][] = [];
  const literal = { text: 0, list: 0 };
  const makesItems = contains(ast, (node) => node.op === 'rcall' && node.args[0] === 'map');
  let additions = 0;
  const visit = (node: ASTNode, depth: number): void => {
    byDepth[depth] ??= [];
    byDepth[depth].push(workOf(node, { programSize, makesItems }));
    if (node.op === '+') additions++;
    if (node.op === 'value' && typeof node.args === 'string')
      literal.text = Math.max(literal.text, node.args.length);
    if (node.op === 'list') literal.list = Math.max(literal.list, node.args.length);
    if ((node.op === '||' || node.op === '&&') && canFail(node))
      byDepth[depth].push({ ...STEP, steps: ERROR });
    const walks = node.op === 'rcall' && MACROS.has(node.args[0]);
    for (const [index, child] of childrenOf(node).entries()) {
      const inner = walks && index > 0 ? depth + 1 : depth;
      visit(child, inner);
      if (inner > depth && canFail(child)) byDepth[inner]?.push({ ...STEP, steps: ERROR });
    }
  };
  visit(ast, 0);

  return ({ longestText, longestList, largestItem, total }) => {
    // What is added to something makes it longer, at most by the longest again.
    const text = Math.max(longestText, literal.text) * (1 + additions);
    const list = Math.max(longestList, literal.list) * (1 + additions);
    const item = Math.max(largestItem, text) * (1 + additions);
    const whole = (total + literal.text + literal.list) * (1 + additions);
    return byDepth.reduce((sum, works, depth) => {
      const once = works.reduce(
        (cost, { steps, scans, items, deep, pattern }) =>
          cost + steps + (scans * (text + list) + items * item + deep * whole) / SPAN + pattern * text,
        0,
      );
      return sum + once * list ** depth;
    }, 0);
  };
}

function contains(node: ASTNode, wanted: (node: ASTNode) => boolean): boolean {
  return wanted(node) || childrenOf(node).some((child) => contains(child, wanted));
}

/** Whether evaluating it may yield an error: not where values are only compared. */
function canFail(node: ASTNode): boolean {
  switch (node.op) {
    case 'value':
    case 'id':
      return false;
    case '==':
    case '!=':
    case '&&':
    case '||':
    case 'list':
      return childrenOf(node).some(canFail);
    default:
      return true;
  }
}

const STEP: Work = { steps: 1, scans: 0, items: 0, deep: 0, pattern: 0 };

interface Context {
  readonly programSize: (pattern: string) => number;
  /** Lists are made whose items may be as large as any value. */
  readonly makesItems: boolean;
}

function workOf(node: ASTNode, { programSize, makesItems }: Context): Work {
  /** A name that stands for an item of a list, or for a text. */
  const isItem = (part: ASTNode) => part.op === 'id' && part.args !== 'claims' && !makesItems;
  switch (node.op) {
    case '==':
    case '!=':
      if (node.args.some(({ op }) => op === 'value')) return STEP;
      return node.args.some(isItem) ? { ...STEP, items: 1 } : { ...STEP, deep: 1 };
    case 'in': {
      const [item, list] = node.args;
      if (list.op === 'list' && list.args.every(({ op }) => op === 'value'))
        return { ...STEP, steps: 1 + list.args.length };
      return item.op === 'value' ? { ...STEP, scans: SPAN } : { ...STEP, deep: SPAN };
    }
    case '+':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'call':
      return { ...STEP, scans: 1 };
    case 'rcall': {
      const [name, , [argument]] = node.args;
      if (name !== 'matches' || argument?.op !== 'value') return { ...STEP, scans: 1 };
      return { ...STEP, pattern: programSize(String(argument.args)) };
    }
    default:
      return STEP;
  }
}
