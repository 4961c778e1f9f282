// Questions asked of a strictly read tree. A shape lists every child an element may have: what it does not list is
// refused, so that nothing can hide where nobody looks.
import type { ErrorCode } from '../../../core/errors.js';
import { rejectAssertion, type SamlReason } from '../reject-assertion.js';
import type { XmlElement } from './parse-xml.js';

/** A kind of child: namespace, local name, and how often it must and may occur. */
export type ChildRule = readonly [namespace: string, name: string, min: 0 | 1, max: number];

export function isElement(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}

/** The children by kind. Refuses one of no kind listed, and too few or too many of a kind, under `reason`. */
export function matchChildren<K extends string>(
  element: XmlElement,
  kinds: Readonly<Record<K, ChildRule>>,
  reason: SamlReason,
  code: ErrorCode = 'proof_invalid',
): Record<K, readonly XmlElement[]> {
  const entries = Object.entries<ChildRule>(kinds);
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

/** The single element of a list that a shape has already bounded. */
export function requireSingle(
  elements: readonly XmlElement[],
  reason: SamlReason,
  code?: ErrorCode,
): XmlElement {
  const [element, ...others] = elements;
  return element !== undefined && others.length === 0 ? element : rejectAssertion(reason, code);
}

/** The text of an element that has no child elements. */
export function leafText(element: XmlElement, reason: SamlReason): string {
  return element.children.length === 0 ? element.text : rejectAssertion(reason);
}

/** Every element of the tree, the given one first, in document order. */
export function* selfAndDescendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* selfAndDescendants(child);
}
