// An upper bound for the cost of evaluating an expression, from its syntax tree and the size of the claims. It assumes that
// each iteration runs over the longest list, and that each comparison is between the longest texts.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { ClaimsSize } from '../grants/evaluation-context.js';

/** CEL macros that iterate over a list and evaluate their argument once for each item. */
export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** Characters or items that are compared in one step. */
const CHARACTERS_PER_STEP = 8;

/** Steps to create an error. An iteration or a logical operator may meet an error at each item and continue. */
const STEPS_PER_ERROR = 500;

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

/** The work of one node, by kind. */
interface Work {
  readonly steps: number;
  /** Comparisons of two texts, or of two lists of scalars. */
  readonly textScans: number;
  /** Comparisons of list items. */
  readonly itemScans: number;
  /** Comparisons of values of any shape. */
  readonly deepScans: number;
  /** Instructions of patterns, each of which runs over a text. */
  readonly patternInstructions: number;
}

const ONE_STEP: Work = { steps: 1, textScans: 0, itemScans: 0, deepScans: 0, patternInstructions: 0 };
const ERROR_WORK: Work = { ...ONE_STEP, steps: STEPS_PER_ERROR };

interface WorkOptions {
  /** Instructions of a compiled pattern. */
  readonly programSize: (pattern: string) => number;
  /** Whether the expression builds lists whose items may be as large as any value. */
  readonly buildsLists: boolean;
}

/** The cost of one expression as a function of the size of the claims. */
export class ExpressionCost {
  /** The work of all nodes by how many iterations they are nested in. */
  readonly #workByDepth: Work[][] = [];
  readonly #options: WorkOptions;
  #longestTextLiteral = 0;
  #longestListLiteral = 0;
  #additions = 0;

  constructor(ast: ASTNode, programSize: (pattern: string) => number) {
    const buildsLists = someNode(ast, (node) => node.op === 'rcall' && node.args[0] === 'map');
    this.#options = { programSize, buildsLists };
    this.#visit(ast, 0);
  }

  /** Upper bound in steps. */
  stepsFor({ longestText, longestList, largestItem, total }: ClaimsSize): number {
    // Each addition lengthens a value by at most the longest value.
    const growth = 1 + this.#additions;
    const text = Math.max(longestText, this.#longestTextLiteral) * growth;
    const list = Math.max(longestList, this.#longestListLiteral) * growth;
    const item = Math.max(largestItem, text) * growth;
    const whole = (total + this.#longestTextLiteral + this.#longestListLiteral) * growth;
    return this.#workByDepth.reduce((sum, works, depth) => {
      const once = works.reduce(
        (cost, { steps, textScans, itemScans, deepScans, patternInstructions }) =>
          cost +
          steps +
          (textScans * (text + list) + itemScans * item + deepScans * whole) / CHARACTERS_PER_STEP +
          patternInstructions * text,
        0,
      );
      return sum + once * list ** depth;
    }, 0);
  }

  #visit(node: ASTNode, depth: number): void {
    this.#add(depth, workOf(node, this.#options));
    if (node.op === '+') this.#additions++;
    if (node.op === 'value' && typeof node.args === 'string')
      this.#longestTextLiteral = Math.max(this.#longestTextLiteral, node.args.length);
    if (node.op === 'list') this.#longestListLiteral = Math.max(this.#longestListLiteral, node.args.length);
    if ((node.op === '||' || node.op === '&&') && canFail(node)) this.#add(depth, ERROR_WORK);
    const iterates = node.op === 'rcall' && MACROS.has(node.args[0]);
    for (const [index, child] of childrenOf(node).entries()) {
      const isIterated = iterates && index > 0;
      this.#visit(child, isIterated ? depth + 1 : depth);
      if (isIterated && canFail(child)) this.#add(depth + 1, ERROR_WORK);
    }
  }

  #add(depth: number, work: Work): void {
    const works = this.#workByDepth[depth] ?? [];
    works.push(work);
    this.#workByDepth[depth] = works;
  }
}

function someNode(node: ASTNode, predicate: (node: ASTNode) => boolean): boolean {
  return predicate(node) || childrenOf(node).some((child) => someNode(child, predicate));
}

/** Whether evaluation may yield an error. Comparisons of values cannot fail. */
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

function workOf(node: ASTNode, { programSize, buildsLists }: WorkOptions): Work {
  /** Whether the node is a variable for a list item or a text. */
  const isItem = (part: ASTNode) => part.op === 'id' && part.args !== 'claims' && !buildsLists;
  switch (node.op) {
    case '==':
    case '!=':
      if (node.args.some(({ op }) => op === 'value')) return ONE_STEP;
      return node.args.some(isItem) ? { ...ONE_STEP, itemScans: 1 } : { ...ONE_STEP, deepScans: 1 };
    case 'in': {
      const [item, list] = node.args;
      if (list.op === 'list' && list.args.every(({ op }) => op === 'value'))
        return { ...ONE_STEP, steps: 1 + list.args.length };
      return item.op === 'value'
        ? { ...ONE_STEP, textScans: CHARACTERS_PER_STEP }
        : { ...ONE_STEP, deepScans: CHARACTERS_PER_STEP };
    }
    case '+':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'call':
      return { ...ONE_STEP, textScans: 1 };
    case 'rcall': {
      const [name, , [argument]] = node.args;
      if (name !== 'matches' || argument?.op !== 'value') return { ...ONE_STEP, textScans: 1 };
      return { ...ONE_STEP, patternInstructions: programSize(String(argument.args)) };
    }
    default:
      return ONE_STEP;
  }
}
