// The inline session policy of a role. Templates are supported in its strings, not in its keys. Claim values are inserted
// into the parsed document, so that JSON serialization escapes them and no claim can change its structure.
import type { Claims } from '../../core/types.js';
import { checkPolicyValue } from './sts-constraints.js';
import type { Template } from './template.js';

type Path = readonly (string | number)[];
type RenderTemplate = (template: Template) => string;
/** A value of the document with its templates compiled. */
type Node = (render: RenderTemplate) => unknown;

/** Parses the templates in the policy and receives its errors. Paths are relative to the policy. */
interface PolicyCompiler {
  parseTemplate(source: string, path: Path): Template;
  report(path: Path, message: string): void;
}

export class InlinePolicy {
  readonly #root: Node;

  /** Reports errors that STS would return for all claims. */
  constructor(policy: Readonly<Record<string, unknown>>, compiler: PolicyCompiler) {
    checkStatements(policy['Statement'], compiler);
    this.#root = compileNode(policy, [], compiler);
  }

  /** The policy as JSON text. @throws SallyportError `session_value_invalid`. */
  render(claims: Claims): string {
    return toJson(this.#root((template) => template.render(claims, { check: checkPolicyValue })));
  }

  /** The JSON text with `value` in place of each claim. */
  renderWithPlaceholder(value: string): string {
    return toJson(this.#root((template) => template.renderWithPlaceholder(value)));
  }
}

/** STS accepts no characters beyond U+00FF, so they are written as JSON escapes. */
const toJson = (value: unknown) =>
  JSON.stringify(value).replace(
    /[\u0100-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

function compileNode(node: unknown, path: Path, compiler: PolicyCompiler): Node {
  if (typeof node === 'string') {
    const template = compiler.parseTemplate(node, path);
    return (render) => render(template);
  }
  if (Array.isArray(node)) {
    const items = node.map((item, index) => compileNode(item, [...path, index], compiler));
    return (render) => items.map((item) => item(render));
  }
  if (typeof node === 'object' && node !== null) {
    const entries = Object.entries(node).map(([key, item]) => {
      if (/\$\{[^}]*claims\./.test(key)) {
        compiler.report(
          [...path, key],
          'Claims are not supported in the keys of a session policy. Use a literal key.',
        );
      }
      return [key, compileNode(item, [...path, key], compiler)] as const;
    });
    return (render) => Object.fromEntries(entries.map(([key, item]) => [key, item(render)]));
  }
  return () => node;
}

/** The most frequent violations of the IAM policy grammar. */
function checkStatements(statements: unknown, compiler: PolicyCompiler): void {
  if (statements === undefined) compiler.report([], 'A session policy requires Statement. Add it.');
  const isList = Array.isArray(statements);
  for (const [index, statement] of ([statements ?? []].flat() as readonly unknown[]).entries()) {
    const report = (rest: Path, message: string) =>
      compiler.report(['Statement', ...(isList ? [index] : []), ...rest], message);
    if (!isMapping(statement)) {
      report([], 'A statement must be a mapping with Effect, Action and Resource.');
      continue;
    }
    if (!['Allow', 'Deny'].includes(String(statement['Effect'])))
      report(['Effect'], 'Effect must be Allow or Deny.');
    for (const key of ['Principal', 'NotPrincipal'].filter((each) => each in statement))
      report([key], `A session policy cannot have ${key}. Remove it.`);
    for (const key of ['Action', 'Resource'])
      if (key in statement === `Not${key}` in statement)
        report([], `A statement requires either ${key} or Not${key}, but not both.`);
  }
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
