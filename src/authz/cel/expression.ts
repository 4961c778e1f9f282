// Entry point of this folder. A grant's `when` is a CEL expression, compiled and type-checked when the config loads. The
// functions it may call are listed here, its cost is bounded (cost.ts), and its regular expressions use RE2, which is
// linear in the text.
import { type ASTNode, Environment, EvaluationError } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { type EvaluationContext, UnknownClaimsError } from '../grants/evaluation-context.js';
import { childrenOf, ExpressionCost, MACROS } from './cost.js';
import { trapOmittedClaims } from './omitted-claims-trap.js';
import {
  constantValue,
  type ReferencePath,
  readsAllClaims,
  referencedClaims,
  referencedValues,
} from './referenced-claims.js';

export type CompiledExpression =
  | { readonly ok: true; readonly expression: CelExpression }
  | { readonly ok: false; readonly message: string };

/** The expression has no result. The message quotes the expression, never the value of a claim. */
export class ExpressionEvaluationError extends Error {}

const FUNCTIONS = ['has', 'size', 'string', 'int', 'double', 'timestamp', 'duration'];
const METHODS = ['contains', 'startsWith', 'endsWith', 'matches', 'size', 'lowerAscii', 'upperAscii', 'trim'];
const MAX_NESTED_ITERATIONS = 2;
const MAX_PATTERN_CHARACTERS = 500;
/** Instructions of a compiled pattern. The time to match is this number times the length of the text. */
const MAX_PATTERN_INSTRUCTIONS = 1000;
/** Steps of an evaluation, about 20 ns each. */
const MAX_STEPS = 5_000_000;

/** Replaces `matches` after its pattern is compiled. It is not in METHODS, so an expression cannot call it directly. */
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

type Variables = Readonly<Record<string, unknown>>;

export class CelExpression {
  /** The claims and variables that the expression reads. */
  readonly references: readonly ReferencePath[];
  /** The result for any context, if the literals true and false decide it. */
  readonly constant: boolean | undefined;
  readonly #cost: ExpressionCost;
  readonly #readsAllClaims: boolean;
  readonly #run: (variables: Variables) => unknown;

  /** @throws UnsupportedExpressionError */
  constructor(source: string) {
    const { ast } = language.parse(source);
    checkCalls(ast, 0);
    const calls = findPatternCalls(source, ast);
    const patterns = new Map(calls.map(({ pattern, compiled }) => [pattern, compiled]));
    this.#cost = new ExpressionCost(ast, (pattern) => patterns.get(pattern)?.programSize() ?? 0);
    this.#run = language
      .clone()
      .registerFunction(
        `string.${LINEAR_MATCHES}(string): bool`,
        (text: string, pattern: string) => patterns.get(pattern)?.matcher(text).find() ?? false,
      )
      .parse(replaceMatches(source, calls));
    this.#readsAllClaims = readsAllClaims(ast);
    this.references = referencedClaims(ast, new Set(VARIABLES));
    this.constant = constantValue(ast);
  }

  /**
   * Reading a claim that the proof left out is an error of the expression. CEL's logical operators and macros ignore an error
   * in one operand if another one decides the result, so the result is unknown only if it depends on the claim.
   * @throws UnknownClaimsError; ExpressionEvaluationError if it fails, or if the claims are so large that it could take too long.
   */
  evaluate(context: EvaluationContext): boolean {
    if (this.#cost.stepsFor(context.claimsSize()) > MAX_STEPS)
      throw new ExpressionEvaluationError('the claims are too large for this expression');
    const { principal, omitted } = context;
    const unknown = new Set<string>();
    const claims = omitted.isEmpty
      ? principal.claims
      : trapOmittedClaims(principal.claims, omitted, this.#readsAllClaims, unknown);
    let result: unknown;
    try {
      result = this.#run({ ...variablesOf(context), claims });
    } catch (error) {
      if (unknown.size > 0) throw new UnknownClaimsError(this.#namesOf(unknown));
      throw new ExpressionEvaluationError(describeError(error));
    }
    if (typeof result !== 'boolean')
      throw new ExpressionEvaluationError('the expression did not yield a bool');
    return result;
  }

  /** Only names that the expression itself has: others are values of the proof. */
  #namesOf(claims: ReadonlySet<string>): readonly string[] {
    const named = this.references.flatMap(([variable, name]) =>
      variable === 'claims' && name !== undefined && claims.has(name) ? [name] : [],
    );
    return named.length > 0 ? [...new Set(named)] : ['claims'];
  }

  /** The values that it reads, by their spelling in the expression; undefined if none is present. */
  referencedValues(context: EvaluationContext): Variables | undefined {
    return referencedValues(this.references, variablesOf(context));
  }
}

/** Part of the expression is not supported. `offset` is its position. */
class UnsupportedExpressionError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Compiles an expression, or returns a message with the position of the error. */
export function compileExpression(source: string): CompiledExpression {
  const checked = language.check(source);
  if (checked.error) {
    const { summary, range } = checked.error;
    return failureAt(range?.start ?? 0, `${summary}. Variables: ${VARIABLES.join(', ')}.`);
  }
  if (checked.type !== 'bool') {
    return failureAt(
      0,
      'The expression must yield a bool. Compare the value, for example claims.admin == true.',
    );
  }
  try {
    return { ok: true, expression: new CelExpression(source) };
  } catch (error) {
    if (error instanceof UnsupportedExpressionError) return failureAt(error.offset, error.message);
    throw error;
  }
}

const failureAt = (offset: number, message: string): CompiledExpression => ({
  ok: false,
  message: `At character ${offset + 1} of the expression: ${message}`,
});

const variablesOf = ({ principal, sourceAddress, now }: EvaluationContext): Variables => ({
  claims: principal.claims,
  issuer: principal.issuer,
  subject: principal.subject,
  sourceAddress,
  now,
});

/** The kind of error and its position. The library's own messages may quote values. */
function describeError(error: unknown): string {
  if (!(error instanceof EvaluationError)) return 'internal error';
  const { code, node, range } = error;
  const source = range && node?.input?.slice(range.start, range.end).replaceAll(LINEAR_MATCHES, 'matches');
  return `${code.replaceAll('_', ' ')}${source ? ` at ${source}` : ''}`;
}

/** `depth`: the number of iterations around the node. */
function checkCalls(node: ASTNode, depth: number): void {
  if (node.op === 'call' && !FUNCTIONS.includes(node.args[0])) {
    throw new UnsupportedExpressionError(
      node.range.start,
      `Unsupported function. Supported functions: ${FUNCTIONS.join(', ')}.`,
    );
  }
  let innerDepth = depth;
  if (node.op === 'rcall') {
    const [name, receiver] = node.args;
    if (MACROS.has(name)) innerDepth++;
    else if (!METHODS.includes(name)) {
      throw new UnsupportedExpressionError(
        receiver.range.end,
        `Unsupported method. Supported methods: ${[...METHODS, ...MACROS].join(', ')}.`,
      );
    }
    if (innerDepth > MAX_NESTED_ITERATIONS) {
      throw new UnsupportedExpressionError(
        node.range.start,
        `Iterations over lists can be nested at most ${MAX_NESTED_ITERATIONS} deep. Simplify the expression.`,
      );
    }
  }
  for (const child of childrenOf(node)) checkCalls(child, innerDepth);
}

interface PatternCall {
  readonly pattern: string;
  readonly compiled: RE2JS;
  /** Position of the word `matches`. */
  readonly offset: number;
}

function findPatternCalls(source: string, node: ASTNode): readonly PatternCall[] {
  const nested = childrenOf(node).flatMap((child) => findPatternCalls(source, child));
  if (node.op !== 'rcall' || node.args[0] !== 'matches') return nested;
  const [, receiver, [argument]] = node.args;
  const start = receiver.range.end;
  const call = /^([\s)]*\.\s*)matches\s*\(\s*$/.exec(source.slice(start, argument?.range.start));
  if (argument?.op !== 'value' || typeof argument.args !== 'string' || !call) {
    throw new UnsupportedExpressionError(
      start,
      'The pattern of matches must be a string literal. Write x.matches("…").',
    );
  }
  const offset = start + (call[1] ?? '').length;
  const pattern = argument.args;
  return [...nested, { pattern, compiled: compilePattern(pattern, argument.range.start), offset }];
}

function compilePattern(pattern: string, offset: number): RE2JS {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new UnsupportedExpressionError(
      offset,
      `The pattern is longer than ${MAX_PATTERN_CHARACTERS} characters. Shorten it.`,
    );
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch {
    throw new UnsupportedExpressionError(
      offset,
      'Invalid RE2 pattern. RE2 has no lookaround and no backreferences.',
    );
  }
  if (compiled.programSize() <= MAX_PATTERN_INSTRUCTIONS) return compiled;
  throw new UnsupportedExpressionError(offset, 'The pattern is too complex. Lower its repetition counts.');
}

/** The source with LINEAR_MATCHES in place of `matches`. */
function replaceMatches(source: string, calls: readonly PatternCall[]): string {
  return calls
    .map(({ offset }) => offset)
    .sort((a, b) => b - a)
    .reduce((text, at) => text.slice(0, at) + LINEAR_MATCHES + text.slice(at + 'matches'.length), source);
}
