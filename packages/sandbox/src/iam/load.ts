// Reads iam.yaml. Variables are substituted after the YAML is parsed, so that a value with many lines (SAML metadata)
// cannot break the document. All errors are reported together, each with its line.
import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type { ConfigPath } from './config-error.js';
import type { Iam } from './model.js';
import { readAccounts } from './read-accounts.js';
import { Reader } from './reader.js';

const VARIABLE = /\$\{sandbox:([^}]*)\}/g;

/** An error and the offset in the text where the value begins. */
interface LocatedError {
  readonly offset: number;
  readonly message: string;
}

/**
 * Parses iam.yaml. Every `${sandbox:NAME}`, in values and in keys, is replaced by `variables[NAME]`.
 * Throws an Error that lists all errors with their line numbers.
 */
export function loadIam(yamlText: string, variables: Readonly<Record<string, string>>): Iam {
  const lines = new LineCounter();
  const document = parseDocument(yamlText, { lineCounter: lines });
  const throwIfAny = (errors: readonly LocatedError[]) => {
    if (errors.length === 0) return;
    const located = errors.map(({ offset, message }) => `  line ${lines.linePos(offset).line}: ${message}`);
    throw new Error(['iam.yaml is not valid:', ...located].join('\n'));
  };
  throwIfAny(document.errors.map((error) => ({ offset: error.pos[0], message: error.message })));
  const variableErrors = substituteVariables(document, variables);
  const root = new Reader(document.toJS({ maxAliasCount: 100 }));
  const accounts = readAccounts(root);
  throwIfAny([
    ...variableErrors,
    ...root.errors.map(({ path, message }) => ({ offset: offsetOf(document, path), message })),
  ]);
  return { accounts };
}

function substituteVariables(
  document: Document,
  variables: Readonly<Record<string, string>>,
): LocatedError[] {
  const errors: LocatedError[] = [];
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value !== 'string') return;
      scalar.value = scalar.value.replace(VARIABLE, (reference, name: string) => {
        const value = variables[name];
        if (value === undefined) {
          errors.push({ offset: scalar.range?.[0] ?? 0, message: `Unknown variable ${name}.` });
        }
        return value ?? reference;
      });
    },
  });
  return errors;
}

/** The offset of the value at `path`, or of its nearest ancestor that is in the text. */
function offsetOf(document: Document, path: ConfigPath): number {
  const node: unknown = document.getIn(path, true);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}
