// Access to a strictly parsed tree. `matchChildren` lists every child that an element may have; any other child is refused,
// so that nothing can hide in a part of the document that no check reads.
import type { ErrorCode } from '../../../core/errors.js';
import { rejectAssertion, type SamlReason } from '../reject-assertion.js';
import type { XmlElement } from './parse-xml.js';

/** An allowed child: namespace, local name, and how often it must and may occur. */
export type ChildRule = readonly [namespace: string, name: string, min: 0 | 1, max: number];

export function isElement(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}

/** Returns the children by rule. Refuses with `reason` if a child matches no rule, or a rule has too few or too many. */
export function matchChildren<K extends string>(
  element: XmlElement,
  rules: Readonly<Record<K, ChildRule>>,
  reason: SamlReason,
  code: ErrorCode = 'proof_invalid',
): Record<K, readonly XmlElement[]> {
  const entries = Object.entries<ChildRule>(rules);
  const known = (child: XmlElement) =>
    entries.some(([, [namespace, name]]) => isElement(child, namespace, name));
  if (!element.children.every(known)) rejectAssertion(reason, code);
  const found = entries.map(([key, [namespace, name, min, max]]) => {
    const children = element.children.filter((child) => isElement(child, namespace, name));
    if (children.length < min || children.length > max) rejectAssertion(reason, code);
    return [key, children];
  });
  return Object.fromEntries(found);
}

/** Returns the only element of a list, or refuses with `reason`. */
export function requireSingle(
  elements: readonly XmlElement[],
  reason: SamlReason,
  code?: ErrorCode,
): XmlElement {
  const [element, ...others] = elements;
  return element !== undefined && others.length === 0 ? element : rejectAssertion(reason, code);
}

/** Returns the text of an element, or refuses if it has child elements. */
export function leafText(element: XmlElement, reason: SamlReason): string {
  return element.children.length === 0 ? element.text : rejectAssertion(reason);
}

/** The element and all its descendants in document order. */
export function* selfAndDescendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* selfAndDescendants(child);
}
