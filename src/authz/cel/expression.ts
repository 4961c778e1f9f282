// A grant's `when`: a CEL expression, compiled and type-checked when the config loads. What it may call is listed here,
// what it may cost is bounded (condition-cost.ts), and its regular expressions are RE2's: linear in the text.
import { type ASTNode, Environment, EvaluationError } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import type { EvaluationContext } from '../grants/evaluation-context.js';
import { childrenOf, costOf, MACROS } from './cost.js';
import { constantOf, type ReferencePath, referencedClaims, referencedValues } from './referenced-claims.js';

export type CompiledExpression =
  | {
      readonly ok: true;
      /** Throws EvaluationFailure, also where the claims are so large that it could take too long. */
      condition(situation: EvaluationContext): boolean;
      /** The values it reads, by how they are spelled in it; undefined where none of them is there. */
      seen(situation: EvaluationContext): Readonly<Record<string, unknown>> | undefined;
      readonly reads: readonly ReferencePath[];
      /** What it yields whoever asks, as far as the words true and false in it tell. */
      readonly constant: boolean | undefined;
    }
  | { readonly ok: false; readonly message: string };

/** Why an expression yielded nothing. The message has words of the expression only, no value of a claim. */
export class ExpressionEvaluationError extends Error {}

const FUNCTIONS = ['has', 'size', 'string', 'int', 'double', 'timestamp', 'duration'];
const METHODS = ['contains', 'startsWith', 'endsWith', 'matches', 'size', 'lowerAscii', 'upperAscii', 'trim'];
const MAX_NESTING = 2;
const MAX_PATTERN = 500;
/** Instructions of a compiled pattern; the time to match is this times the length of the text. */
const MAX_PROGRAM = 1000;
/** Steps of an evaluation, of some 20 ns each. */
const MAX_COST = 5_000_000;

/** What `matches` becomes once its pattern is compiled. Not among the methods that may be written. */
const LINEAR_MATCHES = 'matchesCompiled';

const VARIABLES = ['claims', 'issuer', 'subject', 'sourceAddress', 'now'];

const language = new Environment({
  limits: { maxAstNodes: 300, maxDepth: 24, maxListElements: 1000, maxMapEntries: 0, maxCallArguments: 3 },
})
  .registerVariable('claims', 'map<string, dyn>')
  .registerVariable('issuer', 'string')
  .registerVariable('subject', 'string')
  .registerVariable('sourceAddress', 'string')
  .registerVariable('now', 'google.protobuf.Timestamp');

/** A thing that may not be written, with the offset of where it stands. */
class ConditionFault extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Compiles an expression, or says what is wrong and at which character. */
export function compileExpression(source: string): CompiledExpression {
  const checked = language.check(source);
  if (checked.error) {
    const { summary, range } = checked.error;
    return fault(range?.start ?? 0, `${summary}. Variables: ${VARIABLES.join(', ')}.`);
  }
  if (checked.type !== 'bool') {
    return fault(0, 'The expression must yield a bool. Compare the value, e.g. claims.admin == true.');
  }
  try {
    const { ast } = language.parse(source);
    const condition = build(source, ast);
    const reads = referencedClaims(ast, new Set(VARIABLES));
    return {
      ok: true,
      condition,
      seen: (situation) => referencedValues(reads, variablesOf(situation)),
      reads,
      constant: constantOf(ast),
    };
  } catch (error) {
    if (error instanceof ConditionFault) return fault(error.offset, error.message);
    throw error;
  }
}

const fault = (offset: number, message: string): CompiledExpression => ({
  ok: false,
  message: `At character ${offset + 1} of the expression: ${message}`,
});

const variablesOf = ({ principal: { claims, issuer, subject }, sourceAddress, now }: EvaluationContext) => ({
  claims,
  issuer,
  subject,
  sourceAddress,
  now,
});

function build(source: string, ast: ASTNode): (situation: EvaluationContext) => boolean {
  checkCalls(ast, 0);
  const calls = patternCalls(source, ast);
  const patterns = new Map(calls.map(({ pattern, compiled }) => [pattern, compiled]));
  const cost = costOf(ast, (pattern) => patterns.get(pattern)?.programSize() ?? 0);
  const evaluate = language
    .clone()
    .registerFunction(
      `string.${LINEAR_MATCHES}(string): bool`,
      (text: string, pattern: string) => patterns.get(pattern)?.matcher(text).find() ?? false,
    )
    .parse(rewritten(source, calls));
  return (situation) => {
    if (cost(situation.claimsSize()) > MAX_COST)
      throw new ExpressionEvaluationError('the claims are too large for this expression');
    let result: unknown;
    try {
      result = evaluate(variablesOf(situation));
    } catch (error) {
      throw new ExpressionEvaluationError(whyOf(error));
    }
    if (typeof result !== 'boolean')
      throw new ExpressionEvaluationError('the expression did not yield a bool');
    return result;
  };
}

/** The kind of error and where it stands. Texts of the library may quote values. */
function whyOf(error: unknown): string {
  if (!(error instanceof EvaluationError)) return 'internal error';
  const { code, node, range } = error;
  const at = range && node?.input?.slice(range.start, range.end).replaceAll(LINEAR_MATCHES, 'matches');
  return `${code.replaceAll('_', ' ')}${at ? ` at ${at}` : ''}`;
}

function checkCalls(node: ASTNode, nesting: number): void {
  if (node.op === 'call' && !FUNCTIONS.includes(node.args[0]))
    throw new ConditionFault(node.range.start, `Functions that may be called: ${FUNCTIONS.join(', ')}.`);
  let inner = nesting;
  if (node.op === 'rcall') {
    const [name, receiver] = node.args;
    if (MACROS.has(name)) inner++;
    else if (!METHODS.includes(name)) {
      const known = [...METHODS, ...MACROS].join(', ');
      throw new ConditionFault(receiver.range.end, `Methods that may be called: ${known}.`);
    }
    if (inner > MAX_NESTING) {
      throw new ConditionFault(
        node.range.start,
        `Lists may be walked through in lists, but no deeper than ${MAX_NESTING}.`,
      );
    }
  }
  for (const child of childrenOf(node)) checkCalls(child, inner);
}

interface PatternCall {
  readonly pattern: string;
  readonly compiled: RE2JS;
  /** Where the word `matches` stands. */
  readonly offset: number;
}

function patternCalls(source: string, node: ASTNode): readonly PatternCall[] {
  const inner = childrenOf(node).flatMap((child) => patternCalls(source, child));
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return inner;
  const [, receiver, [argument]] = node.args;
  const start = receiver.range.end;
  const written = /^([\s)]*\.\s*)matches\s*\(\s*$/.exec(source.slice(start, argument?.range.start));
  if (argument?.op !== 'value' || typeof argument.args !== 'string' || !written) {
    throw new ConditionFault(start, 'The pattern of matches must be a text: x.matches("…").');
  }
  const offset = start + (written[1] ?? '').length;
  const pattern = argument.args;
  return [...inner, { pattern, compiled: compilePattern(pattern, argument.range.start), offset }];
}

function compilePattern(pattern: string, offset: number): RE2JS {
  if (pattern.length > MAX_PATTERN)
    throw new ConditionFault(offset, `A pattern may have ${MAX_PATTERN} characters.`);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch {
    throw new ConditionFault(
      offset,
      'RE2 does not read this pattern. It has no lookaround and no backreferences.',
    );
  }
  if (compiled.programSize() <= MAX_PROGRAM) return compiled;
  throw new ConditionFault(offset, 'The pattern is too large. Lower its repetition counts.');
}

function rewritten(source: string, calls: readonly PatternCall[]): string {
  return calls
    .map(({ offset }) => offset)
    .sort((a, b) => b - a)
    .reduce((text, at) => text.slice(0, at) + LINEAR_MATCHES + text.slice(at + 'matches'.length), source);
}
