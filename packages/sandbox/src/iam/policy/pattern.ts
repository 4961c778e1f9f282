// Patterns in policies: `*`, `?` and, in version 2012-10-17, policy variables.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
import type { ConditionContext } from './context.js';

/** A part of a pattern: literal text, or a wildcard. */
export type PatternPart = { readonly literal: string } | { readonly wildcard: '*' | '?' };

const TOKEN = /\$\{([^}]*)\}|([*?])/g;
const LITERAL_VARIABLES = new Set(['*', '?', '$']);
const VARIABLE = /^\s*([^,\s]+)\s*(?:,\s*'([^']*)'\s*)?$/;

/**
 * Splits a pattern into parts. With a `context`, policy variables are replaced by their values, which match literally.
 * Undefined if a variable has neither exactly one value nor a default: such a pattern matches nothing.
 */
export function parsePattern(pattern: string, context?: ConditionContext): PatternPart[] | undefined {
  const parts: PatternPart[] = [];
  let end = 0;
  for (const match of pattern.matchAll(TOKEN)) {
    const [token, variable, wildcard] = match;
    if (variable !== undefined && !context) continue;
    parts.push({ literal: pattern.slice(end, match.index) });
    end = match.index + token.length;
    if (variable === undefined) {
      parts.push({ wildcard: wildcard === '*' ? '*' : '?' });
      continue;
    }
    const value = context && valueOfVariable(variable, context);
    if (value === undefined) return undefined;
    parts.push({ literal: value });
  }
  parts.push({ literal: pattern.slice(end) });
  return parts;
}

function valueOfVariable(variable: string, context: ConditionContext): string | undefined {
  if (LITERAL_VARIABLES.has(variable)) return variable;
  const [, key = '', fallback] = VARIABLE.exec(variable) ?? [];
  const values = context.get(key);
  return values?.length === 1 ? values[0] : fallback;
}

/** The parts as text, with wildcards as literal characters, for operators without wildcards. */
export function literalText(parts: readonly PatternPart[]): string {
  return parts.map((part) => ('literal' in part ? part.literal : part.wildcard)).join('');
}

/** Whether the whole text matches. The time is proportional to parts times text: there is no backtracking. */
export function matchesParts(parts: readonly PatternPart[], text: string): boolean {
  const symbols = parts.flatMap((part): (PatternPart | string)[] =>
    'literal' in part ? [...part.literal] : [part],
  );
  const characters = [...text];
  let reachable = new Set([0]);
  for (const symbol of symbols) {
    const next = new Set<number>();
    if (typeof symbol !== 'string' && 'wildcard' in symbol && symbol.wildcard === '*') {
      for (let at = Math.min(...reachable); at <= characters.length; at++) next.add(at);
    } else {
      for (const at of reachable) {
        if (at < characters.length && (typeof symbol !== 'string' || symbol === characters[at]))
          next.add(at + 1);
      }
    }
    if (next.size === 0) return false;
    reachable = next;
  }
  return reachable.has(characters.length);
}

/**
 * Compares ARNs part by part: the first five parts between colons one by one, and the rest as one part. A `*` does not
 * match across a colon of the first five parts.
 */
export function matchesArn(parts: readonly PatternPart[], arn: string): boolean {
  const patterns = splitParts(parts);
  const texts = splitArn(arn);
  return (
    patterns.length === 6 &&
    texts.length === 6 &&
    patterns.every((pattern, index) => matchesParts(pattern, texts[index] ?? ''))
  );
}

function splitArn(arn: string): string[] {
  const all = arn.split(':');
  return all.length < 6 ? all : [...all.slice(0, 5), all.slice(5).join(':')];
}

function splitParts(parts: readonly PatternPart[]): PatternPart[][] {
  const sections: PatternPart[][] = [[]];
  for (const part of parts) {
    if ('wildcard' in part) {
      sections.at(-1)?.push(part);
      continue;
    }
    for (const [index, piece] of part.literal.split(':').entries()) {
      if (index === 0) sections.at(-1)?.push({ literal: piece });
      else if (sections.length < 6) sections.push([{ literal: piece }]);
      else sections.at(-1)?.push({ literal: `:${piece}` });
    }
  }
  return sections;
}
