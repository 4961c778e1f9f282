// What an assertion states: how and until when the subject signed in, and its attributes.

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

/** One Attribute element; several may have the same name. */
export interface Attribute {
  readonly name: string;
  readonly values: readonly string[];
  /** A value is a NameID element, as eduPersonTargetedID has it: saml2-js cannot read that. */
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
  const contextClass = classOf(requireSingle(parts.context, 'authn_statement'));
  const sessionIndex = statement.attributes.get('SessionIndex');
  return {
    instant: statement.attributes.get('AuthnInstant') ?? '',
    ...(contextClass !== undefined && { contextClass }),
    ...(sessionIndex !== undefined && { sessionIndex }),
    ...(sessionNotOnOrAfter !== undefined && { sessionNotOnOrAfter }),
  };
}

function classOf(context: XmlElement): string | undefined {
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
 * SAML core 2.7.3. A value is text, or one NameID, whose text it is then; one that holds other elements has no text to
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
      values: values.map(attributeValue),
      hasNameId: values.some(({ children }) => children.length > 0),
    };
  });
}

function attributeValue(value: XmlElement): string {
  const [child, ...others] = value.children;
  const named = child && others.length === 0 && isElement(child, SAML, 'NameID');
  return leafText(named ? child : value, 'attribute.value');
}
