// Reads iam.yaml. Variables are filled in after the YAML is parsed, so that a value of many lines (SAML metadata)
// cannot disturb the document around it. All faults are reported at once, each with its line.
import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type { ConfigPath } from './config-error.js';
import type { Iam } from './model.js';
import { readAccounts } from './read-accounts.js';
import { Reader } from './reader.js';

const VARIABLE = /\$\{sandbox:([^}]*)\}/g;

/** A mistake and the place in the text where it begins. */
interface PlacedFault {
  readonly offset: number;
  readonly message: string;
}

/**
 * Parses iam.yaml. Every `${sandbox:NAME}`, in values and in keys, is replaced by `variables[NAME]`.
 * Throws an Error listing all faults with their line numbers.
 */
export function loadIam(yamlText: string, variables: Readonly<Record<string, string>>): Iam {
  const lines = new LineCounter();
  const document = parseDocument(yamlText, { lineCounter: lines });
  const throwIfAny = (faults: readonly PlacedFault[]) => {
    if (faults.length === 0) return;
    const placed = faults.map(({ offset, message }) => `  line ${lines.linePos(offset).line}: ${message}`);
    throw new Error(['iam.yaml is not valid:', ...placed].join('\n'));
  };
  throwIfAny(document.errors.map((error) => ({ offset: error.pos[0], message: error.message })));
  const variableFaults = fillVariables(document, variables);
  const root = new Reader(document.toJS({ maxAliasCount: 100 }));
  const accounts = readAccounts(root);
  throwIfAny([
    ...variableFaults,
    ...root.faults.map(({ path, message }) => ({ offset: offsetOf(document, path), message })),
  ]);
  return { accounts };
}

function fillVariables(document: Document, variables: Readonly<Record<string, string>>): PlacedFault[] {
  const faults: PlacedFault[] = [];
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value !== 'string') return;
      scalar.value = scalar.value.replace(VARIABLE, (reference, name: string) => {
        const value = variables[name];
        if (value === undefined) {
          faults.push({ offset: scalar.range?.[0] ?? 0, message: `There is no sandbox variable ${name}.` });
        }
        return value ?? reference;
      });
    },
  });
  return faults;
}

/** Where the value at `path`, or its nearest ancestor that is in the text, begins. */
function offsetOf(document: Document, path: ConfigPath): number {
  const node: unknown = document.getIn(path, true);
  if (isNode(node) && node.range) return node.range[0];
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}
