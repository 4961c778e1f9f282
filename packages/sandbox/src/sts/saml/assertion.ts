// The fields of a SAML assertion that STS reads. saml-core-2.0-os sections 2.3.3 (Assertion), 2.4 (Subject),
// 2.5 (Conditions), 2.7.2 (AuthnStatement), 2.7.3 (AttributeStatement).
import { ASSERTION, children } from './signed-assertion.js';

export interface Assertion {
  readonly issuer: string;
  readonly issueInstant: Date;
  readonly subject: string;
  /** The Format of the NameID. Undefined if it is absent. */
  readonly subjectFormat: string | undefined;
  readonly confirmations: readonly { readonly recipient: string; readonly notOnOrAfter: Date }[];
  readonly notBefore: Date | undefined;
  readonly notOnOrAfter: Date | undefined;
  readonly audiences: readonly string[];
  readonly sessionNotOnOrAfter: Date | undefined;
  /** By Name. The values of repeated attributes are combined. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

const find = (parent: Element | undefined, ...path: readonly string[]): Element[] =>
  path.reduce<Element[]>(
    (elements, name) => elements.flatMap((element) => children(element, ASSERTION, name)),
    parent ? [parent] : [],
  );

const textOf = (element: Element | undefined) => element?.textContent?.trim() ?? '';

const dateOf = (element: Element | undefined, attribute: string): Date | undefined => {
  const text = element?.getAttribute(attribute);
  return text ? new Date(text) : undefined;
};

/** Reads an Assertion element. Missing or invalid fields become empty or an invalid date, which fails every check. */
export function readAssertion(element: Element): Assertion {
  const [nameId] = find(element, 'Subject', 'NameID');
  const [conditions] = find(element, 'Conditions');
  const ends = find(element, 'AuthnStatement').flatMap(
    (statement) => dateOf(statement, 'SessionNotOnOrAfter') ?? [],
  );
  return {
    issuer: textOf(find(element, 'Issuer')[0]),
    issueInstant: dateOf(element, 'IssueInstant') ?? new Date(Number.NaN),
    subject: textOf(nameId),
    subjectFormat: nameId?.getAttribute('Format') || undefined,
    confirmations: find(element, 'Subject', 'SubjectConfirmation', 'SubjectConfirmationData').map((data) => ({
      recipient: data.getAttribute('Recipient') ?? '',
      notOnOrAfter: dateOf(data, 'NotOnOrAfter') ?? new Date(Number.NaN),
    })),
    notBefore: dateOf(conditions, 'NotBefore'),
    notOnOrAfter: dateOf(conditions, 'NotOnOrAfter'),
    audiences: find(conditions, 'AudienceRestriction', 'Audience').map(textOf),
    sessionNotOnOrAfter: ends.sort((a, b) => a.getTime() - b.getTime())[0],
    attributes: readAttributes(find(element, 'AttributeStatement', 'Attribute')),
  };
}

function readAttributes(elements: readonly Element[]): Map<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  for (const element of elements) {
    const name = element.getAttribute('Name') ?? '';
    const values = find(element, 'AttributeValue').map(textOf);
    attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
  }
  return attributes;
}
