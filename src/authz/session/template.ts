// Session templates: text with `${claims.NAME}` and a few functions in it; where the caller may choose, also
// `${request.RoleSessionName}`. Parsed when the config loads, filled for each session. What is missing or is not one
// plain value refuses the session; it never becomes "".
import { SallyportError } from '../../core/errors.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { Claims, ClaimValue } from '../../core/types.js';
import { claimValues, toText } from '../grants/claim-matcher.js';
import { FUNCTIONS, type Values } from './template-functions.js';

/** What a template is filled from. */
interface Given {
  readonly claims: Claims;
  readonly roleSessionName?: string | undefined;
}
interface Expression {
  /** Undefined: it is of the request's RoleSessionName. */
  readonly claim?: string;
  evaluate(given: Given): Values;
}

/** A parsed template. `fill` throws `session_value_invalid` if a claim does not fit. */
export interface Template {
  readonly claims: readonly string[];
  /** Those of them without which there is no session: a default stands in for the others. */
  readonly requiredClaims: readonly string[];
  /** Whether the caller's RoleSessionName goes into it; without one, `fill` throws `parameter_invalid`, unless there is a default. */
  readonly usesRoleSessionName: boolean;
  render(claims: Claims, options?: FillOptions): string;
  /** The text with one value in place of every claim, and of the RoleSessionName. */
  renderWithPlaceholder(value: string): string;
}

interface FillOptions {
  /** Called with each claim's value before it is put in; may throw. */
  readonly check?: (value: string, claim: string) => void;
  readonly roleSessionName?: string | undefined;
}

interface ParseOptions {
  /** IAM's own `${aws:…}` is kept as it stands. */
  readonly policyVariables?: boolean;
  /** `${request.RoleSessionName}` may be in it. */
  readonly roleSessionName?: boolean;
}

export class TemplateError extends Error {}

const ROLE_SESSION_NAME = 'request.RoleSessionName';

const CLAIM = /^claims\.([^(){}\s,]+)$/;
const CALL = /^([a-z]+)\((.*)\)$/s;
/** IAM's own policy variables and escapes: `${aws:username}`, `${*}`. They pass through. */
const POLICY_VARIABLE = /^(?:(?!claims\.)[A-Za-z0-9._/-]+:[^{}]*|[*?$])$/;
const PLACEHOLDER = /\$\{([^}]*)\}/g;

const unfit = (claim: string, problem: string, reason: ReasonSuffix<'session'>) =>
  new SallyportError('session_value_invalid', {
    reason: `session.${reason}`,
    detail: `The claim "${claim}" ${problem}, so no session can be made for this role. Ask the operator.`,
  });

function parseExpression(source: string, options: ParseOptions): Expression {
  const text = source.trim();
  const claim = CLAIM.exec(text)?.[1];
  if (claim !== undefined) return { claim, evaluate: ({ claims }) => claimValues(claims, claim) };
  if (text === ROLE_SESSION_NAME) {
    if (options.roleSessionName)
      return {
        evaluate: ({ roleSessionName }) => (roleSessionName === undefined ? undefined : [roleSessionName]),
      };
    throw new TemplateError(
      `\${${ROLE_SESSION_NAME}} may stand in session.name alone. Write \${claims.NAME}.`,
    );
  }
  const call = CALL.exec(text);
  const name = call?.[1] ?? '';
  const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!call || !definition) {
    throw new TemplateError(
      `Write \${claims.NAME}, or a function of it: ${Object.keys(FUNCTIONS).join(', ')}, e.g. \${slug(claims.sub)}.`,
    );
  }
  // The inner expression is everything up to the last comma outside of parentheses and quotes.
  const comma = lastComma(call[2] ?? '');
  const inner = parseExpression(comma < 0 ? (call[2] ?? '') : (call[2] ?? '').slice(0, comma), options);
  const change = definition.compile(comma < 0 ? undefined : (call[2] ?? '').slice(comma + 1).trim());
  if (!change) throw new TemplateError(`Write ${definition.usage}.`);
  return { ...inner, evaluate: (given) => change(inner.evaluate(given)) };
}

function lastComma(text: string): number {
  let depth = 0;
  let quoted = false;
  let found = -1;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '"') quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')') depth--;
    else if (!quoted && depth === 0 && char === ',') found = index;
  }
  return found;
}

/** @throws TemplateError with a sentence that says what to write instead. */
export function parseTemplate(source: string, options: ParseOptions = {}): Template {
  const parts: (string | Expression)[] = [];
  let end = 0;
  for (const match of source.matchAll(PLACEHOLDER)) {
    const inner = match[1] ?? '';
    if (options.policyVariables && POLICY_VARIABLE.test(inner)) continue;
    const before = source.slice(end, match.index);
    if (before.endsWith('$'))
      throw new TemplateError('A $ before ${ could start another variable. Leave it out.');
    parts.push(before, parseExpression(inner, options));
    end = match.index + match[0].length;
  }
  parts.push(source.slice(end));
  if (parts.some((part) => typeof part === 'string' && part.replaceAll(PLACEHOLDER, '').includes('${')))
    throw new TemplateError('A ${ is not closed by }. Close it.');

  const expressions = parts.filter((part) => typeof part !== 'string');
  return {
    renderWithPlaceholder: (value) => parts.map((part) => (typeof part === 'string' ? part : value)).join(''),
    claims: expressions.flatMap(({ claim }) => claim ?? []),
    requiredClaims: expressions.flatMap(({ claim, evaluate }) =>
      evaluate({ claims: {} }) === undefined ? (claim ?? []) : [],
    ),
    usesRoleSessionName: expressions.some(({ claim }) => claim === undefined),
    render: (claims, { check, roleSessionName } = {}) =>
      parts
        .map((part) => {
          if (typeof part === 'string') return part;
          const values = part.evaluate({ claims, roleSessionName });
          if (part.claim === undefined) return chosen(values);
          const value = single(values, part.claim);
          check?.(value, part.claim);
          return value;
        })
        .join(''),
  };
}

function chosen(values: Values): string {
  const text = toText(values?.[0] ?? null);
  if (text) return text;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.role_session_name',
    detail: 'With this role you name the session yourself. Send RoleSessionName.',
  });
}

function single(values: Values, claim: string): string {
  if (values === undefined || values.length === 0) throw unfit(claim, 'is missing', 'claim_missing');
  if (values.length > 1) throw unfit(claim, 'has several values', 'claim_multiple');
  const text = toText(values[0] as ClaimValue);
  if (text === undefined) throw unfit(claim, 'is not a plain value', 'claim_structured');
  if (text === '') throw unfit(claim, 'is empty', 'claim_empty');
  return text;
}
