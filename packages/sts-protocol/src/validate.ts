// Enforces the constraint table on the parameters of a request, in the words of AWS's validation framework.
import type {
  Constraint,
  IntegerConstraint,
  ListConstraint,
  StructureConstraint,
  TextConstraint,
  ValueOf,
} from './constraints.js';
import { malformedInput, truncated, validationError } from './sts-error.js';

/** Parameters by their name on the wire, e.g. `Tags.member.1.Key`. */
export type QueryParameters = ReadonlyMap<string, string>;

type Value = string | number | readonly Value[] | { readonly [name: string]: Value } | undefined;

/**
 * The parameters as typed values; unknown ones are ignored. Throws MalformedInput for an integer that is none, and
 * ValidationError that lists every violated constraint.
 */
export function validate<S extends StructureConstraint>(
  constraint: S,
  parameters: QueryParameters,
): ValueOf<S> {
  const violations: string[] = [];
  const value = readStructure(constraint, { parameters, name: '', path: '', violations });
  throwIfViolated(violations);
  return value as ValueOf<S>;
}

/** Checks a value that reached STS another way, e.g. a session tag in a token. `path` is how a message names it. */
export function checkText(constraint: TextConstraint, value: string, path: string): void {
  throwIfViolated(textViolations(constraint, value, path));
}

function throwIfViolated(violations: readonly string[]): void {
  if (violations.length === 0) return;
  const errors = violations.length === 1 ? 'error' : 'errors';
  throw validationError(`${violations.length} validation ${errors} detected: ${violations.join('; ')}`);
}

interface Place {
  readonly parameters: QueryParameters;
  /** On the wire, e.g. `Tags.member.1.Key`. */
  readonly name: string;
  /** In messages, e.g. `tags.1.member.key`. */
  readonly path: string;
  readonly violations: string[];
}

const failed = (quoted: string, path: string, rule: string) =>
  `Value ${quoted} at '${path}' failed to satisfy constraint: Member must ${rule}`;

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

function isPresent({ parameters, name }: Place): boolean {
  return parameters.has(name) || [...parameters.keys()].some((key) => key.startsWith(`${name}.`));
}

function read(constraint: Constraint, place: Place): Value {
  if (!isPresent(place)) return undefined;
  switch (constraint.type) {
    case 'text':
      return readText(constraint, place);
    case 'integer':
      return readInteger(constraint, place);
    case 'list':
      return readList(constraint, place);
    case 'structure':
      return readStructure(constraint, place);
  }
}

function readStructure(constraint: StructureConstraint, place: Place): Value {
  const member = (name: string): Place => ({
    ...place,
    name: place.name ? `${place.name}.${name}` : name,
    path: place.path ? `${place.path}.${lowerFirst(name)}` : lowerFirst(name),
  });
  const value: Record<string, Value> = {};
  for (const [name, memberConstraint] of Object.entries({ ...constraint.required, ...constraint.optional })) {
    const memberValue = read(memberConstraint, member(name));
    if (memberValue !== undefined) value[name] = memberValue;
    else if (name in constraint.required) {
      place.violations.push(failed('null', member(name).path, 'not be null'));
    }
  }
  return value;
}

/** Members in the order of their numbers; AWS's answer to gaps is not known, here they close. */
function readList(constraint: ListConstraint, place: Place): Value {
  const prefix = `${place.name}.member.`;
  const numbers = [...place.parameters.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length).split('.')[0] ?? '')
    .filter((number) => /^[1-9]\d{0,3}$/.test(number));
  const ordered = [...new Set(numbers)].sort((a, b) => Number(a) - Number(b));
  // How AWS prints a list that is too long or too short is not known. One that is too long is not read.
  const violations = lengthViolations(constraint, ordered.length, `'[${ordered.length}]'`, place.path);
  place.violations.push(...violations);
  if (violations.length > 0) return [];
  return ordered.map((number) =>
    read(constraint.member, { ...place, name: prefix + number, path: `${place.path}.${number}.member` }),
  );
}

function readText(constraint: TextConstraint, place: Place): string {
  const value = place.parameters.get(place.name) ?? '';
  place.violations.push(...textViolations(constraint, value, place.path));
  return value;
}

function textViolations(constraint: TextConstraint, value: string, path: string): string[] {
  const quoted = constraint.sensitive ? "'***'" : `'${truncated(value)}'`;
  const violations = lengthViolations(constraint, [...value].length, quoted, path);
  if (constraint.pattern !== undefined && !compile(constraint.pattern).test(value)) {
    violations.push(failed(quoted, path, `satisfy regular expression pattern: ${constraint.pattern}`));
  }
  return violations;
}

function lengthViolations(
  { min, max }: { readonly min?: number; readonly max?: number },
  length: number,
  quoted: string,
  path: string,
): string[] {
  if (max !== undefined && length > max) {
    return [failed(quoted, path, `have length less than or equal to ${max}`)];
  }
  if (min !== undefined && length < min) {
    return [failed(quoted, path, `have length greater than or equal to ${min}`)];
  }
  return [];
}

/**
 * Without the `u` flag `\u10000` is U+1000 and a zero, just as in Java: that is why AWS refuses characters beyond the
 * basic plane in an ARN although its pattern seems to admit them. Only `\p` classes need the flag.
 */
const compile = (pattern: string) => new RegExp(`^(?:${pattern})$`, pattern.includes('\\p') ? 'u' : '');

const INT32_MAX = 2_147_483_647;

function readInteger({ min, max }: IntegerConstraint, place: Place): number {
  const text = place.parameters.get(place.name) ?? '';
  if (text === '') throw malformedInput('missing value for decimal type');
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || value > INT32_MAX || value < -INT32_MAX - 1) throw malformedInput();
  if (value > max) {
    place.violations.push(failed(`'${value}'`, place.path, `have value less than or equal to ${max}`));
  }
  if (value < min) {
    place.violations.push(failed(`'${value}'`, place.path, `have value greater than or equal to ${min}`));
  }
  return value;
}
