// Session templates: text with `${claims.NAME}` and functions of claims, and in `session.name` also
// `${request.RoleSessionName}`. They are parsed when the config loads and rendered for each session. A claim that is
// missing or is not one scalar value refuses the session; it never renders as an empty string.
import { SallyportError } from '../../core/errors.js';
import type { ReasonSuffix } from '../../core/reasons.js';
import type { Claims, ClaimValue } from '../../core/types.js';
import { claimValues, toText } from '../grants/claim-matcher.js';
import { TEMPLATE_FUNCTIONS, type Values } from './template-functions.js';

interface TemplateInput {
  readonly claims: Claims;
  readonly roleSessionName?: string | undefined;
}

/** What stands between `${` and `}`. */
interface Expression {
  /** Undefined for the RoleSessionName of the request. */
  readonly claim?: string;
  evaluate(input: TemplateInput): Values;
}

interface RenderOptions {
  /** Called with the value of each claim before it is inserted. It may throw. */
  readonly check?: (value: string, claim: string) => void;
  readonly roleSessionName?: string | undefined;
}

interface ParseOptions {
  /** Whether IAM policy variables such as `${aws:username}` are left unchanged. */
  readonly policyVariables?: boolean;
  /** Whether `${request.RoleSessionName}` is permitted. */
  readonly roleSessionName?: boolean;
}

/** The message says what to write instead. */
export class TemplateError extends Error {}

const ROLE_SESSION_NAME = 'request.RoleSessionName';

const CLAIM = /^claims\.([^(){}\s,]+)$/;
const CALL = /^([a-z]+)\((.*)\)$/s;
/** IAM policy variables and escapes: `${aws:username}`, `${*}`. */
const POLICY_VARIABLE = /^(?:(?!claims\.)[A-Za-z0-9._/-]+:[^{}]*|[*?$])$/;
const PLACEHOLDER = /\$\{([^}]*)\}/g;

export class Template {
  readonly #parts: readonly (string | Expression)[];
  readonly claims: readonly string[];
  /** The claims without which rendering fails. A default makes a claim optional. */
  readonly requiredClaims: readonly string[];
  readonly usesRoleSessionName: boolean;

  constructor(parts: readonly (string | Expression)[]) {
    this.#parts = parts;
    const expressions = parts.filter((part) => typeof part !== 'string');
    this.claims = expressions.flatMap(({ claim }) => claim ?? []);
    this.requiredClaims = expressions.flatMap(({ claim, evaluate }) =>
      evaluate({ claims: {} }) === undefined ? (claim ?? []) : [],
    );
    this.usesRoleSessionName = expressions.some(({ claim }) => claim === undefined);
  }

  /**
   * @throws SallyportError `session_value_invalid` for a claim that is missing or unsuitable; `parameter_invalid` if the
   * request has no RoleSessionName and the template has no default.
   */
  render(claims: Claims, { check, roleSessionName }: RenderOptions = {}): string {
    return this.#parts
      .map((part) => {
        if (typeof part === 'string') return part;
        const values = part.evaluate({ claims, roleSessionName });
        if (part.claim === undefined) return requireRoleSessionName(values);
        const value = requireSingleText(values, part.claim);
        check?.(value, part.claim);
        return value;
      })
      .join('');
  }

  /** The text with `value` in place of each expression. */
  renderWithPlaceholder(value: string): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : value)).join('');
  }
}

/** @throws TemplateError */
export function parseTemplate(source: string, options: ParseOptions = {}): Template {
  const parts: (string | Expression)[] = [];
  let end = 0;
  for (const match of source.matchAll(PLACEHOLDER)) {
    const inner = match[1] ?? '';
    if (options.policyVariables && POLICY_VARIABLE.test(inner)) continue;
    const before = source.slice(end, match.index);
    if (before.endsWith('$'))
      throw new TemplateError('A $ before ${ could start another variable. Remove it.');
    parts.push(before, parseExpression(inner, options));
    end = match.index + match[0].length;
  }
  parts.push(source.slice(end));
  if (parts.some((part) => typeof part === 'string' && part.replaceAll(PLACEHOLDER, '').includes('${')))
    throw new TemplateError('A ${ is not closed. Add the missing }.');
  return new Template(parts);
}

function parseExpression(source: string, options: ParseOptions): Expression {
  const text = source.trim();
  const claim = CLAIM.exec(text)?.[1];
  if (claim !== undefined) return { claim, evaluate: ({ claims }) => claimValues(claims, claim) };
  if (text === ROLE_SESSION_NAME) {
    if (!options.roleSessionName) {
      throw new TemplateError(
        `\${${ROLE_SESSION_NAME}} is supported only in session.name. Use \${claims.NAME}.`,
      );
    }
    return {
      evaluate: ({ roleSessionName }) => (roleSessionName === undefined ? undefined : [roleSessionName]),
    };
  }
  const call = CALL.exec(text);
  const name = call?.[1] ?? '';
  const definition = Object.hasOwn(TEMPLATE_FUNCTIONS, name) ? TEMPLATE_FUNCTIONS[name] : undefined;
  if (!call || !definition) {
    throw new TemplateError(
      `Invalid expression. Use \${claims.NAME} or a function (${Object.keys(TEMPLATE_FUNCTIONS).join(', ')}), for example \${slug(claims.sub)}.`,
    );
  }
  // The inner expression ends at the last comma outside of parentheses and quotes.
  const args = call[2] ?? '';
  const comma = lastCommaIndex(args);
  const inner = parseExpression(comma < 0 ? args : args.slice(0, comma), options);
  const apply = definition.compile(comma < 0 ? undefined : args.slice(comma + 1).trim());
  if (!apply) throw new TemplateError(`Invalid arguments of ${name}. Use ${definition.usage}.`);
  return { ...inner, evaluate: (input) => apply(inner.evaluate(input)) };
}

/** -1 if there is none outside of parentheses and quotes. */
function lastCommaIndex(text: string): number {
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

function requireRoleSessionName(values: Values): string {
  const text = toText(values?.[0] ?? null);
  if (text) return text;
  throw new SallyportError('parameter_invalid', {
    reason: 'parameter.role_session_name',
    detail: 'The caller names the session of this role. Send RoleSessionName.',
  });
}

function requireSingleText(values: Values, claim: string): string {
  if (values === undefined || values.length === 0) throw claimError(claim, 'is missing', 'claim_missing');
  if (values.length > 1) throw claimError(claim, 'has several values', 'claim_multiple');
  const text = toText(values[0] as ClaimValue);
  if (text === undefined) throw claimError(claim, 'is not a scalar value', 'claim_structured');
  if (text === '') throw claimError(claim, 'is empty', 'claim_empty');
  return text;
}

const claimError = (claim: string, problem: string, reason: ReasonSuffix<'session'>) =>
  new SallyportError('session_value_invalid', {
    reason: `session.${reason}`,
    detail: `The claim "${claim}" ${problem}, but the session of this role requires it. Ask the operator.`,
  });
