// The condition keys whose values come from a SAML assertion.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
import { createHash } from 'node:crypto';
import type { SamlProvider } from '../../iam/model.js';
import type { ConditionKeys } from '../session-tokens.js';
import type { Assertion } from './assertion.js';

const EDU_PERSON = 'urn:oid:1.3.6.1.4.1.5923.1.1.1';
const EDU_ORG = 'urn:oid:1.3.6.1.4.1.5923.1.2.1';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/** Attribute name -> condition key without its `saml:`. */
const ATTRIBUTE_KEYS: Readonly<Record<string, string>> = {
  [`${EDU_PERSON}.1`]: 'edupersonaffiliation',
  [`${EDU_PERSON}.2`]: 'edupersonnickname',
  [`${EDU_PERSON}.3`]: 'edupersonorgdn',
  [`${EDU_PERSON}.4`]: 'edupersonorgunitdn',
  [`${EDU_PERSON}.5`]: 'edupersonprimaryaffiliation',
  [`${EDU_PERSON}.6`]: 'edupersonprincipalname',
  [`${EDU_PERSON}.7`]: 'edupersonentitlement',
  [`${EDU_PERSON}.8`]: 'edupersonprimaryorgunitdn',
  [`${EDU_PERSON}.9`]: 'edupersonscopedaffiliation',
  [`${EDU_PERSON}.10`]: 'edupersontargetedid',
  [`${EDU_PERSON}.11`]: 'edupersonassurance',
  [`${EDU_ORG}.2`]: 'eduorghomepageuri',
  [`${EDU_ORG}.3`]: 'eduorgidentityauthnpolicyuri',
  [`${EDU_ORG}.4`]: 'eduorglegalname',
  [`${EDU_ORG}.5`]: 'eduorgsuperioruri',
  [`${EDU_ORG}.6`]: 'eduorgwhitepagesuri',
  'urn:oid:2.5.4.3': 'cn',
  [`${CLAIMS}/name`]: 'name',
  'http://schemas.xmlsoap.org/claims/CommonName': 'commonName',
  [`${CLAIMS}/givenname`]: 'givenName',
  [`${CLAIMS}/surname`]: 'surname',
  [`${CLAIMS}/emailaddress`]: 'mail',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid': 'uid',
};

const FORMAT_PREFIX = 'urn:oasis:names:tc:SAML:2.0:nameid-format:';
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';

/** The NameID's format without the prefix of SAML 2.0. */
export const subjectType = ({ subjectFormat = UNSPECIFIED }: Assertion) =>
  subjectFormat.startsWith(FORMAT_PREFIX) ? subjectFormat.slice(FORMAT_PREFIX.length) : subjectFormat;

const accountOf = ({ arn }: SamlProvider) => arn.split(':')[4] ?? '';

/** Base64 of the SHA-1 of issuer, account and provider. Together with the subject it identifies a user permanently. */
export const nameQualifier = ({ issuer }: Assertion, provider: SamlProvider) =>
  createHash('sha1')
    .update(`${issuer}${accountOf(provider)}/${provider.name}`)
    .digest('base64');

export interface SamlConditionKeys {
  /** For the trust policy of the role that is assumed with the assertion. */
  readonly all: ConditionKeys;
  /** For the policies of the session. */
  readonly session: ConditionKeys;
}

export function samlConditionKeys(
  assertion: Assertion,
  provider: SamlProvider,
  recipient: string,
): SamlConditionKeys {
  const type = subjectType(assertion);
  const session: ConditionKeys = [
    ['saml:namequalifier', nameQualifier(assertion, provider)],
    ['saml:sub', assertion.subject],
    // AWS shortens only these two formats. All others are the full URI.
    ['saml:sub_type', ['persistent', 'transient'].includes(type) ? type : (assertion.subjectFormat ?? type)],
  ];
  const attributes = [...assertion.attributes].flatMap(([name, values]) => {
    const key = Object.hasOwn(ATTRIBUTE_KEYS, name) ? ATTRIBUTE_KEYS[name] : undefined;
    return key && values.length > 0 ? [[`saml:${key}`, values] as const] : [];
  });
  const all: ConditionKeys = [
    ...session,
    ['saml:aud', recipient],
    ['saml:iss', assertion.issuer],
    ['saml:doc', `${accountOf(provider)}/${provider.name}`],
    ...attributes,
  ];
  return { all, session };
}
