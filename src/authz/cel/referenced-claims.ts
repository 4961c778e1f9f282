// Static analysis of an expression: the variables and claims that it names, and its constant result if it has one.
// Explanations show the values of the claims; `sallyport check` tests whether an issuer sends them.
import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf } from './cost.js';

/** A variable and the path into it: `['claims', 'kubernetes.io', 'namespace']`. */
export type ReferencePath = readonly string[];

/** Without duplicates, and without names that are known only during evaluation. */
export function referencedClaims(ast: ASTNode, variables: ReadonlySet<string>): readonly ReferencePath[] {
  const found = new Map<string, ReferencePath>();
  const visit = (node: ASTNode): void => {
    const path = pathOf(node, variables) ?? membershipPath(node, variables);
    if (path) found.set(formatPath(path), path);
    else childrenOf(node).forEach(visit);
  };
  visit(ast);
  return [...found.values()];
}

function pathOf(node: ASTNode, variables: ReadonlySet<string>): ReferencePath | undefined {
  switch (node.op) {
    case 'id':
      return variables.has(node.args) ? [node.args] : undefined;
    case '.': {
      const [inner, name] = node.args;
      return appendName(pathOf(inner, variables), name);
    }
    case '[]': {
      const [inner, key] = node.args;
      return appendName(pathOf(inner, variables), key.op === 'value' ? key.args : undefined);
    }
    default:
      return undefined;
  }
}

/** `"name" in claims` reads the claim `name`. */
const membershipPath = (node: ASTNode, variables: ReadonlySet<string>): ReferencePath | undefined =>
  node.op === 'in' && node.args[0].op === 'value'
    ? appendName(pathOf(node.args[1], variables), node.args[0].args)
    : undefined;

const appendName = (path: ReferencePath | undefined, name: unknown): ReferencePath | undefined =>
  path && typeof name === 'string' ? [...path, name] : undefined;

/** The values that are present, by their spelling in the expression; undefined if there are none. */
export function referencedValues(
  paths: readonly ReferencePath[],
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const values = paths.flatMap((path) => {
    const value = path.reduce(ownProperty, variables as unknown);
    // The whole claims object would include claims that the expression does not read.
    return value === undefined || value === variables['claims'] ? [] : [[formatPath(path), value] as const];
  });
  return values.length === 0 ? undefined : Object.fromEntries(values);
}

const ownProperty = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const formatPath = ([variable = '', ...names]: ReferencePath): string =>
  variable +
  names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)).join('');

/** Whether it reads `claims` as a whole, for example to iterate over it or to compare it. */
export function readsAllClaims(node: ASTNode): boolean {
  if (node.op === 'id') return node.args === 'claims';
  const isClaims = (part: ASTNode) => part.op === 'id' && part.args === 'claims';
  // The claims of which one is read.
  const container =
    node.op === '.' || node.op === '[]' ? node.args[0] : node.op === 'in' ? node.args[1] : undefined;
  return childrenOf(node).some((child) => !(child === container && isClaims(child)) && readsAllClaims(child));
}

/** The result for any values, if the literals true and false decide it. */
export function constantValue(node: ASTNode): boolean | undefined {
  switch (node.op) {
    case 'value':
      return typeof node.args === 'boolean' ? node.args : undefined;
    case '!_': {
      const inner = constantValue(node.args);
      return inner === undefined ? undefined : !inner;
    }
    case '||':
    case '&&': {
      const decisive = node.op === '||';
      const sides = node.args.map(constantValue);
      if (sides.includes(decisive)) return decisive;
      return sides.includes(undefined) ? undefined : !decisive;
    }
    default:
      return undefined;
  }
}
