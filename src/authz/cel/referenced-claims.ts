// What is known of an expression without evaluating it: the variables and claims that stand in it by name, whose values
// an explanation shows and of which `sallyport check` asks whether an issuer sends them; and what it always yields.
import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf } from './cost.js';

/** A variable, then names that lead into it: `['claims', 'kubernetes.io', 'namespace']`. */
export type ReferencePath = readonly string[];

/** Each once; names that are only known when it is evaluated are left out. */
export function referencedClaims(ast: ASTNode, variables: ReadonlySet<string>): readonly ReferencePath[] {
  const found = new Map<string, ReferencePath>();
  const visit = (node: ASTNode): void => {
    const path = pathOf(node, variables) ?? keyLookedFor(node, variables);
    if (path) found.set(spell(path), path);
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
      return extended(pathOf(inner, variables), name);
    }
    case '[]': {
      const [inner, key] = node.args;
      return extended(pathOf(inner, variables), key.op === 'value' ? key.args : undefined);
    }
    default:
      return undefined;
  }
}

/** `"name" in claims` reads the claim `name`. */
const keyLookedFor = (node: ASTNode, variables: ReadonlySet<string>): ReferencePath | undefined =>
  node.op === 'in' && node.args[0].op === 'value'
    ? extended(pathOf(node.args[1], variables), node.args[0].args)
    : undefined;

const extended = (path: ReferencePath | undefined, name: unknown): ReferencePath | undefined =>
  path && typeof name === 'string' ? [...path, name] : undefined;

/** The values that are there, by how the expression spells them. Undefined: none is. */
export function referencedValues(
  paths: readonly ReferencePath[],
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const values = paths.flatMap((path) => {
    const value = path.reduce(own, variables as unknown);
    // All claims at once would show what nothing was asked about.
    return value === undefined || value === variables['claims'] ? [] : [[spell(path), value] as const];
  });
  return values.length === 0 ? undefined : Object.fromEntries(values);
}

const own = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const spell = ([variable = '', ...names]: ReferencePath): string =>
  variable +
  names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)).join('');

/** What it yields whatever it reads, as far as the words true and false tell. */
export function constantOf(node: ASTNode): boolean | undefined {
  switch (node.op) {
    case 'value':
      return typeof node.args === 'boolean' ? node.args : undefined;
    case '!_': {
      const inner = constantOf(node.args);
      return inner === undefined ? undefined : !inner;
    }
    case '||':
    case '&&': {
      const decisive = node.op === '||';
      const sides = node.args.map(constantOf);
      if (sides.includes(decisive)) return decisive;
      return sides.includes(undefined) ? undefined : !decisive;
    }
    default:
      return undefined;
  }
}
