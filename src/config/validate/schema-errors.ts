// Turns the schema validator's errors into config errors: one per mistake, each with the expected value. Messages quote
// key names but never values, which may come from the environment.
import type { ErrorObject } from 'ajv';
import type { ConfigError, ConfigPath } from '../../core/config-error.js';
import { DURATION_PATTERN } from '../../core/duration.js';
import { DURATION_FORMAT } from '../schema/primitives.js';

/** Config errors for schema errors. An error about an unknown key or a variant's tag has the path of that key. */
export function describeSchemaErrors(errors: readonly ErrorObject[], root: unknown): readonly ConfigError[] {
  return errors
    .filter((error) => !isMisspelledElsewhere(error, errors))
    .map((error) => {
      const path = pathOf(error.instancePath, root);
      const key = error.params['additionalProperty'] ?? error.params['tag'];
      return { path: typeof key === 'string' ? [...path, key] : path, message: messageFor(error) };
    });
}

/** JSON pointer to config path. Positions in lists become numbers. */
function pathOf(pointer: string, root: unknown): ConfigPath {
  const path: (string | number)[] = [];
  let node = root;
  for (const escaped of pointer.split('/').slice(1)) {
    const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(node) ? Number(key) : key);
    node = (node as Record<string, unknown> | undefined)?.[key];
  }
  return path;
}

/** Whether a key is missing because an unknown key next to it is a misspelling of it. That is one mistake, not two. */
function isMisspelledElsewhere(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword !== 'required') return false;
  const missing = String(error.params['missingProperty']);
  return errors.some(
    ({ keyword, instancePath, params }) =>
      keyword === 'additionalProperties' &&
      instancePath === error.instancePath &&
      closestMatch(String(params['additionalProperty']), [missing]) !== undefined,
  );
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'an integer',
  number: 'a number',
  object: 'a mapping',
  string: 'a string',
};

function messageFor({ keyword, params, parentSchema, message }: ErrorObject): string {
  const expected = expectation(parentSchema);
  switch (keyword) {
    case 'required':
      return `Required key "${params['missingProperty']}" is missing.`;
    case 'additionalProperties':
      return unknownKeyMessage(
        String(params['additionalProperty']),
        Object.keys(parentSchema?.['properties'] ?? {}),
      );
    case 'type': {
      const types = [params['type']].flat().map((type: string) => TYPE_NAMES[type] ?? type);
      return `Must be ${types.join(' or ')}.${expected}`;
    }
    case 'enum':
      return `Must be one of: ${joinValues(params['allowedValues'])}.`;
    case 'const':
      return `Must be ${JSON.stringify(params['allowedValue'])}.`;
    case 'discriminator': {
      const tag = String(params['tag']);
      const variants = (parentSchema?.['oneOf'] ?? []) as {
        properties: Record<string, { const: string }>;
      }[];
      return `"${tag}" must be one of: ${joinValues(variants.map((variant) => variant.properties[tag]?.const))}.`;
    }
    case 'pattern':
      return parentSchema?.['pattern'] === DURATION_PATTERN
        ? `Invalid duration. Expected: ${lowerFirst(DURATION_FORMAT)}`
        : `Invalid value.${expected}`;
    case 'minimum':
      return `Must be at least ${params['limit']}.${expected}`;
    case 'maximum':
      return `Must be at most ${params['limit']}.${expected}`;
    case 'minItems':
    case 'minProperties':
      return `Must have at least ${count(params['limit'], 'entry', 'entries')}.${expected}`;
    case 'maxItems':
    case 'maxProperties':
      return `Must have at most ${count(params['limit'], 'entry', 'entries')}.${expected}`;
    case 'minLength':
      return `Must have at least ${count(params['limit'], 'character', 'characters')}.${expected}`;
    case 'maxLength':
      return `Must have at most ${count(params['limit'], 'character', 'characters')}.${expected}`;
    case 'uniqueItems':
      return 'Entries must be unique. Remove the duplicate.';
    default:
      return `The value ${message ?? 'is invalid'}.${expected}`;
  }
}

function unknownKeyMessage(key: string, knownKeys: readonly string[]): string {
  // A map of names has no known keys: only the form of the name can be wrong.
  if (knownKeys.length === 0)
    return `Invalid name "${key}". Use 1 to 64 letters, digits, _ . - and start with a letter or digit.`;
  const suggestion = closestMatch(key, knownKeys);
  return `Unknown key "${key}". ${
    suggestion === undefined ? `Known keys: ${joinValues(knownKeys)}.` : `Did you mean "${suggestion}"?`
  }`;
}

/** The first sentence of the schema's description, which names the expected value. */
function expectation(schema: ErrorObject['parentSchema']): string {
  const description = schema?.['description'];
  if (typeof description !== 'string') return '';
  const [sentence = description] = /^.*?[.](?= |$)/.exec(description) ?? [];
  return ` Expected: ${lowerFirst(sentence)}`;
}

/** Lowers an initial capital that begins a word of lowercase letters, so that names such as PEM stay. */
const lowerFirst = (sentence: string) =>
  sentence.replace(/^[A-Z](?=[a-z]* )/, (letter) => letter.toLowerCase());

const joinValues = (values: readonly unknown[]) => values.map((value) => String(value)).join(', ');

const count = (limit: number, one: string, many: string) => `${limit} ${limit === 1 ? one : many}`;

/** The candidate with the smallest edit distance, if it is at most a third of the word's length (at least 2). */
function closestMatch(word: string, candidates: readonly string[]): string | undefined {
  return candidates
    .map((candidate) => ({
      candidate,
      distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ distance }) => distance <= Math.max(2, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, charA] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, charB] of [...b].entries()) {
      const substitution = (row[j] ?? 0) + (charA === charB ? 0 : 1);
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
