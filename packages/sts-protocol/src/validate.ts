// Validates the parameters of a request against the constraints, with the messages of AWS.
import type {
  Constraint,
  IntegerConstraint,
  ListConstraint,
  StructureConstraint,
  TextConstraint,
  ValueOf,
} from './constraints.js';
import { malformedInput, truncate, validationError } from './sts-error.js';

/** Parameters by their name on the wire, e.g. `Tags.member.1.Key`. */
export type QueryParameters = ReadonlyMap<string, string>;

type Value = string | number | readonly Value[] | { readonly [name: string]: Value } | undefined;

/**
 * The parameters as typed values. Unknown parameters are ignored. Throws MalformedInput for an invalid integer, and
 * ValidationError with all violated constraints.
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

/** Checks a value from another source, e.g. a session tag in a token. `path` is its name in messages. */
export function checkText(constraint: TextConstraint, value: string, path: string): void {
  throwIfViolated(textViolations(constraint, value, path));
}

function throwIfViolated(violations: readonly string[]): void {
  if (violations.length === 0) return;
  const errors = violations.length === 1 ? 'error' : 'errors';
  throw validationError(`${violations.length} validation ${errors} detected: ${violations.join('; ')}`);
}

interface ParameterLocation {
  readonly parameters: QueryParameters;
  /** Name of the parameter, e.g. `Tags.member.1.Key`. */
  readonly name: string;
  /** In messages, e.g. `tags.1.member.key`. */
  readonly path: string;
  readonly violations: string[];
}

const violation = (quoted: string, path: string, rule: string) =>
  `Value ${quoted} at '${path}' failed to satisfy constraint: Member must ${rule}`;

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

function isPresent({ parameters, name }: ParameterLocation): boolean {
  return parameters.has(name) || [...parameters.keys()].some((key) => key.startsWith(`${name}.`));
}

function read(constraint: Constraint, location: ParameterLocation): Value {
  if (!isPresent(location)) return undefined;
  switch (constraint.type) {
    case 'text':
      return readText(constraint, location);
    case 'integer':
      return readInteger(constraint, location);
    case 'list':
      return readList(constraint, location);
    case 'structure':
      return readStructure(constraint, location);
  }
}

function readStructure(constraint: StructureConstraint, location: ParameterLocation): Value {
  const member = (name: string): ParameterLocation => ({
    ...location,
    name: location.name ? `${location.name}.${name}` : name,
    path: location.path ? `${location.path}.${lowerFirst(name)}` : lowerFirst(name),
  });
  const value: Record<string, Value> = {};
  for (const [name, memberConstraint] of Object.entries({ ...constraint.required, ...constraint.optional })) {
    const memberValue = read(memberConstraint, member(name));
    if (memberValue !== undefined) value[name] = memberValue;
    else if (name in constraint.required) {
      location.violations.push(violation('null', member(name).path, 'not be null'));
    }
  }
  return value;
}

/** Members in the order of their numbers. AWS's treatment of gaps is not known; here they are skipped. */
function readList(constraint: ListConstraint, location: ParameterLocation): Value {
  const prefix = `${location.name}.member.`;
  const numbers = [...location.parameters.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length).split('.')[0] ?? '')
    .filter((number) => /^[1-9]\d{0,3}$/.test(number));
  const ordered = [...new Set(numbers)].sort((a, b) => Number(a) - Number(b));
  // How AWS prints a list of invalid length is not known. The members of such a list are not read.
  const violations = lengthViolations(constraint, ordered.length, `'[${ordered.length}]'`, location.path);
  location.violations.push(...violations);
  if (violations.length > 0) return [];
  return ordered.map((number) =>
    read(constraint.member, {
      ...location,
      name: prefix + number,
      path: `${location.path}.${number}.member`,
    }),
  );
}

function readText(constraint: TextConstraint, location: ParameterLocation): string {
  const value = location.parameters.get(location.name) ?? '';
  location.violations.push(...textViolations(constraint, value, location.path));
  return value;
}

function textViolations(constraint: TextConstraint, value: string, path: string): string[] {
  const quoted = constraint.sensitive ? "'***'" : `'${truncate(value)}'`;
  const violations = lengthViolations(constraint, [...value].length, quoted, path);
  if (constraint.pattern !== undefined && !compile(constraint.pattern).test(value)) {
    violations.push(violation(quoted, path, `satisfy regular expression pattern: ${constraint.pattern}`));
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
    return [violation(quoted, path, `have length less than or equal to ${max}`)];
  }
  if (min !== undefined && length < min) {
    return [violation(quoted, path, `have length greater than or equal to ${min}`)];
  }
  return [];
}

/**
 * Without the `u` flag `\u10000` is U+1000 and a zero, just as in Java: that is why AWS refuses characters beyond the
 * basic plane in an ARN although its pattern seems to admit them. Only `\p` classes need the flag.
 */
const compile = (pattern: string) => new RegExp(`^(?:${pattern})$`, pattern.includes('\\p') ? 'u' : '');

const INT32_MAX = 2_147_483_647;

function readInteger({ min, max }: IntegerConstraint, location: ParameterLocation): number {
  const text = location.parameters.get(location.name) ?? '';
  if (text === '') throw malformedInput('missing value for decimal type');
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || value > INT32_MAX || value < -INT32_MAX - 1) throw malformedInput();
  if (value > max) {
    location.violations.push(
      violation(`'${value}'`, location.path, `have value less than or equal to ${max}`),
    );
  }
  if (value < min) {
    location.violations.push(
      violation(`'${value}'`, location.path, `have value greater than or equal to ${min}`),
    );
  }
  return value;
}
