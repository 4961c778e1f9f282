// Reads the statements of an assertion: the authentication of the subject and its attributes.

import { omitUndefined } from '../../../core/omit-undefined.js';
import { rejectAssertion } from '../reject-assertion.js';
import { isElement, leafText, matchChildren, requireSingle } from '../xml/elements.js';
import { instantAttribute, requireNotEnded, requireStarted } from '../xml/instants.js';
import { SAML } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/parse-xml.js';

export interface Authentication {
  /** xs:dateTime as sent. */
  readonly instant: string;
  readonly contextClass?: string;
  readonly sessionIndex?: string;
  /** Epoch seconds. */
  readonly sessionNotOnOrAfter?: number;
}

/** One Attribute element. Several may have the same name. */
export interface Attribute {
  readonly name: string;
  readonly values: readonly string[];
  /** A value is a NameID element, as in eduPersonTargetedID. saml2-js cannot read it. */
  readonly hasNameId: boolean;
}

/** SAML core 2.7.2. */
export function checkAuthentication(statement: XmlElement, now: number): Authentication {
  const parts = matchChildren(
    statement,
    { locality: [SAML, 'SubjectLocality', 0, 1], context: [SAML, 'AuthnContext', 1, 1] },
    'authn_statement',
  );
  requireStarted(
    instantAttribute(statement, 'AuthnInstant') ?? rejectAssertion('authn_instant.missing'),
    now,
    'authn_instant',
  );
  const sessionNotOnOrAfter = instantAttribute(statement, 'SessionNotOnOrAfter');
  requireNotEnded(sessionNotOnOrAfter, now, 'session.expired');
  const contextClass = readContextClass(requireSingle(parts.context, 'authn_statement'));
  return {
    instant: statement.attributes.get('AuthnInstant') ?? '',
    ...omitUndefined({
      contextClass,
      sessionIndex: statement.attributes.get('SessionIndex'),
      sessionNotOnOrAfter,
    }),
  };
}

function readContextClass(context: XmlElement): string | undefined {
  const { classes } = matchChildren(
    context,
    {
      classes: [SAML, 'AuthnContextClassRef', 0, 1],
      declarations: [SAML, 'AuthnContextDeclRef', 0, 1],
      authorities: [SAML, 'AuthenticatingAuthority', 0, Number.POSITIVE_INFINITY],
    },
    'authn_context',
  );
  const [element] = classes;
  return element && leafText(element, 'authn_context').trim();
}

/**
 * SAML core 2.7.3. A value is text or one NameID, of which the text is taken. A value with other elements has no text to
 * match, so the document is refused.
 */
export function readAttributes(statement: XmlElement | undefined): readonly Attribute[] {
  if (!statement) return [];
  const { attributes } = matchChildren(
    statement,
    { attributes: [SAML, 'Attribute', 0, Number.POSITIVE_INFINITY] },
    'attribute_statement',
  );
  return attributes.map((attribute) => {
    const name = attribute.attributes.get('Name') ?? '';
    if (name === '') rejectAssertion('attribute.name');
    const { values } = matchChildren(
      attribute,
      { values: [SAML, 'AttributeValue', 0, Number.POSITIVE_INFINITY] },
      'attribute.content',
    );
    return {
      name,
      values: values.map(readAttributeValue),
      hasNameId: values.some(({ children }) => children.length > 0),
    };
  });
}

function readAttributeValue(value: XmlElement): string {
  const [child, ...others] = value.children;
  const isNameId = child && others.length === 0 && isElement(child, SAML, 'NameID');
  return leafText(isNameId ? child : value, 'attribute.value');
}
