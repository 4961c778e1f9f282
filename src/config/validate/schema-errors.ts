// Turns the schema validator's errors into faults an operator can act on: one a mistake, with what to write instead.
import type { ErrorObject } from 'ajv';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';

/** JSON pointer -> path; array positions become numbers. */
function pathOf(pointer: string, root: unknown): ConfigPath {
  const path: (string | number)[] = [];
  let node = root;
  for (const raw of pointer.split('/').slice(1)) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(node) ? Number(key) : key);
    node = (node as Record<string, unknown> | undefined)?.[key];
  }
  return path;
}

const list = (values: readonly unknown[]) => values.map((value) => String(value)).join(', ');

/** The known key nearest in spelling, if it is near. */
function nearest(word: string, candidates: readonly string[]): string | undefined {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, index) => index);
    for (const [i, charA] of [...a].entries()) {
      const next = [i + 1];
      for (const [j, charB] of [...b].entries()) {
        next.push(
          Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (charA === charB ? 0 : 1)),
        );
      }
      row = next;
    }
    return row[b.length] ?? 0;
  };
  return candidates
    .map((candidate) => ({ candidate, cost: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ cost }) => cost <= Math.max(2, Math.floor(word.length / 3)))
    .sort((a, b) => a.cost - b.cost)[0]?.candidate;
}

function unknownKey(error: ErrorObject): string {
  const key = String(error.params['additionalProperty']);
  const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
  if (known.length === 0)
    return `The name "${key}" is not valid: 1 to 64 letters, digits, _ . -, a letter or digit first.`;
  const guess = nearest(key, known);
  return `Unknown key "${key}".${guess ? ` Did you mean "${guess}"?` : ''} Known here: ${list(known)}.`;
}

function messageOf(error: ErrorObject): string {
  const description = error.parentSchema?.['description'];
  const hint = typeof description === 'string' ? ` ${description}` : '';
  switch (error.keyword) {
    case 'required':
      return `"${error.params['missingProperty']}" is missing. Add it.`;
    case 'additionalProperties':
      return unknownKey(error);
    case 'type':
      return `Must be ${[error.params['type']].flat().join(' or ')}.${hint}`;
    case 'enum':
      return `Must be one of: ${list(error.params['allowedValues'])}.`;
    case 'const':
      return `Must be "${error.params['allowedValue']}".${hint}`;
    case 'discriminator': {
      const tag = error.params['tag'];
      const variants =
        (error.parentSchema?.['oneOf'] as { properties: Record<string, { const: string }> }[]) ?? [];
      return `"${tag}" must be one of: ${list(variants.map((variant) => variant.properties[tag]?.const))}.`;
    }
    case 'pattern':
      return `The value is not of the form it must have.${hint}`;
    default:
      return `The value ${error.message ?? 'is not valid'}.${hint}`;
  }
}

/** A missing key that an unknown one beside it is a misspelling of: one mistake, one fault. */
function isMisspelt(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword !== 'required') return false;
  const missing = String(error.params['missingProperty']);
  return errors.some(
    ({ keyword, instancePath, params }) =>
      keyword === 'additionalProperties' &&
      instancePath === error.instancePath &&
      nearest(String(params['additionalProperty']), [missing]) !== undefined,
  );
}

/** Schema errors -> faults. A fault about a key or its variant points at the key itself. */
export function describeSchemaErrors(errors: readonly ErrorObject[], root: unknown): readonly ConfigError[] {
  return errors
    .filter((error) => !isMisspelt(error, errors))
    .map((error) => {
      const path = pathOf(error.instancePath, root);
      const key = error.params['additionalProperty'] ?? error.params['tag'];
      return { path: typeof key === 'string' ? [...path, key] : path, message: messageOf(error) };
    });
}
