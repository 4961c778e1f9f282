// Condition operators: the comparison of a context value with a value of a policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import ipaddr from 'ipaddr.js';
import { literalText, matchesArn, matchesParts, type PatternPart } from './pattern.js';

type Compare = (value: string, pattern: readonly PatternPart[]) => boolean;

const onText =
  (compare: (value: string, other: string) => boolean): Compare =>
  (value, pattern) =>
    compare(value, literalText(pattern));

const onNumbers = (read: (text: string) => number, compare: (a: number, b: number) => boolean): Compare =>
  onText((value, other) => compare(read(value), read(other)));

/** Dates are ISO 8601 or epoch seconds. */
const readDate = (text: string) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));
const readNumber = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));

const equal = (a: number, b: number) => a === b;
const less = (a: number, b: number) => a < b;
const lessOrEqual = (a: number, b: number) => a <= b;
const greater = (a: number, b: number) => a > b;
const greaterOrEqual = (a: number, b: number) => a >= b;

const inRange = onText((address, range) => {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  const [network, bits] = range.includes('/')
    ? ipaddr.parseCIDR(range)
    : [ipaddr.parse(range), parsed.kind() === 'ipv4' ? 32 : 128];
  return parsed.kind() === network.kind() && parsed.match(network, bits);
});

interface Operator {
  readonly compare: Compare;
  /** A negated operator is true where `compare` is false, and for an absent key. */
  readonly negated: boolean;
}

const is = (compare: Compare): Operator => ({ compare, negated: false });
const not = (compare: Compare): Operator => ({ compare, negated: true });
const same = onText((a, b) => a === b);
const sameIgnoringCase = onText((a, b) => a.toLowerCase() === b.toLowerCase());
const like: Compare = (value, pattern) => matchesParts(pattern, value);
const arnLike: Compare = (value, pattern) => matchesArn(pattern, value);

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: is(same),
  StringNotEquals: not(same),
  StringEqualsIgnoreCase: is(sameIgnoringCase),
  StringNotEqualsIgnoreCase: not(sameIgnoringCase),
  StringLike: is(like),
  StringNotLike: not(like),
  NumericEquals: is(onNumbers(readNumber, equal)),
  NumericNotEquals: not(onNumbers(readNumber, equal)),
  NumericLessThan: is(onNumbers(readNumber, less)),
  NumericLessThanEquals: is(onNumbers(readNumber, lessOrEqual)),
  NumericGreaterThan: is(onNumbers(readNumber, greater)),
  NumericGreaterThanEquals: is(onNumbers(readNumber, greaterOrEqual)),
  DateEquals: is(onNumbers(readDate, equal)),
  DateNotEquals: not(onNumbers(readDate, equal)),
  DateLessThan: is(onNumbers(readDate, less)),
  DateLessThanEquals: is(onNumbers(readDate, lessOrEqual)),
  DateGreaterThan: is(onNumbers(readDate, greater)),
  DateGreaterThanEquals: is(onNumbers(readDate, greaterOrEqual)),
  Bool: is(sameIgnoringCase),
  BinaryEquals: is(same),
  IpAddress: is(inRange),
  NotIpAddress: not(inRange),
  ArnEquals: is(arnLike),
  ArnNotEquals: not(arnLike),
  ArnLike: is(arnLike),
  ArnNotLike: not(arnLike),
};

const NAME = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/;

export interface ParsedOperator extends Operator {
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
}

/** Parses a name such as `ForAllValues:StringLikeIfExists`. Undefined for `Null` and for unknown operators. */
export function parseOperator(name: string): ParsedOperator | undefined {
  const [, set, base = '', ifExists] = NAME.exec(name) ?? [];
  const operator = Object.hasOwn(OPERATORS, base) ? OPERATORS[base] : undefined;
  if (!operator) return undefined;
  return {
    ...operator,
    set: set === 'ForAllValues' || set === 'ForAnyValue' ? set : undefined,
    ifExists: ifExists !== undefined,
  };
}

export const isOperator = (name: string): boolean => name === 'Null' || parseOperator(name) !== undefined;
