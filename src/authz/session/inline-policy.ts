// A role's session policy: templates sit in its strings, never in its keys; values go in as data, so that JSON escapes
// them and no claim changes its structure.
import type { Claims } from '../../core/types.js';
import { checkPolicyValue } from './sts-constraints.js';
import type { Template } from './template.js';

export interface InlinePolicy {
  /** JSON text. Throws SallyportError `session_value_invalid`. */
  render(claims: Claims): string;
  /** The text with one value in place of every claim. */
  renderWithPlaceholder(value: string): string;
}

type Path = readonly (string | number)[];
type Render = (template: Template) => string;
type Node = (render: Render) => unknown;

/** What a policy's strings and keys are compiled with; `fault` takes what AWS would refuse. */
interface Compiler {
  template(source: string, path: Path): Template;
  fault(path: Path, message: string): void;
}

/** Compiles a policy and finds what AWS would refuse in it for any claims. */
export function compileInlinePolicy(
  policy: Readonly<Record<string, unknown>>,
  compiler: Compiler,
): InlinePolicy {
  judgeStatements(policy['Statement'], compiler);
  const root = compileNode(policy, [], compiler);
  return {
    render: (claims) => text(root((template) => template.render(claims, { check: checkPolicyValue }))),
    renderWithPlaceholder: (value) => text(root((template) => template.renderWithPlaceholder(value))),
  };
}

/** STS takes no characters beyond U+00FF, but JSON can say them in others. */
const text = (value: unknown) =>
  JSON.stringify(value).replace(
    /[\u0100-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

function compileNode(node: unknown, path: Path, compiler: Compiler): Node {
  if (typeof node === 'string') {
    const template = compiler.template(node, path);
    return (render) => render(template);
  }
  if (Array.isArray(node)) {
    const items = node.map((item, index) => compileNode(item, [...path, index], compiler));
    return (render) => items.map((item) => item(render));
  }
  if (typeof node === 'object' && node !== null) {
    const entries = Object.entries(node).map(([key, item]) => {
      if (/\$\{[^}]*claims\./.test(key)) {
        compiler.fault(
          [...path, key],
          'A claim may stand in a value of a policy, not in a key. Write the key out.',
        );
      }
      return [key, compileNode(item, [...path, key], compiler)] as const;
    });
    return (render) => Object.fromEntries(entries.map(([key, item]) => [key, item(render)]));
  }
  return () => node;
}

/** Of IAM's grammar, what is most often wrong. */
function judgeStatements(statements: unknown, { fault }: Compiler): void {
  if (statements === undefined) fault([], 'A session policy needs Statement. Add it.');
  const list = Array.isArray(statements);
  for (const [index, statement] of ([statements ?? []].flat() as readonly unknown[]).entries()) {
    const at = (...rest: Path) => ['Statement', ...(list ? [index] : []), ...rest];
    if (!isMapping(statement)) {
      fault(at(), 'A statement must be a mapping with Effect, Action and Resource.');
      continue;
    }
    if (!['Allow', 'Deny'].includes(String(statement['Effect'])))
      fault(at('Effect'), 'Effect must be Allow or Deny.');
    for (const key of ['Principal', 'NotPrincipal'].filter((each) => each in statement))
      fault(at(key), `A session policy has no ${key}: it is about the session itself. Leave it out.`);
    for (const key of ['Action', 'Resource'])
      if (key in statement === `Not${key}` in statement)
        fault(at(), `A statement needs ${key} or Not${key}, and not both.`);
  }
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
