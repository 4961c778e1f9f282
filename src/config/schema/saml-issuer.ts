// A SAML IdP in the config: whose assertions are accepted, to whom they must be addressed, under which limits.
import { type Static, Type } from 'typebox';
import { closed, Duration, Mfa, NAME_PATTERN } from './primitives.js';

export const SamlIssuer = Type.Object(
  {
    type: Type.Literal('saml'),
    metadata: Type.String({
      minLength: 1,
      description:
        'The IdP metadata: a file (relative to the config file) or an https URL. Signing keys come from it alone.',
    }),
    metadataCertificate: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'PEM certificate whose key must have signed the metadata, e.g. ${file:./federation.crt}. Without it the metadata is trusted for where it came from.',
      }),
    ),
    refresh: Type.Optional(
      Duration('How often the metadata is read again, for new keys. The last good one is kept. Default 1h.'),
    ),
    audience: Type.Optional(
      Type.Enum(['aws', 'sallyport'], {
        description:
          'Whom assertions are addressed to. `aws`: Recipient is an AWS sign-in URL and the assertion can be passed to AssumeRoleWithSAML. `sallyport`: Recipient is this broker. Default aws.',
      }),
    ),
    unsolicited: Type.Optional(
      Type.Enum(['refuse', 'accept', 'accept-foreign'], {
        description:
          "Responses that answer no request of this broker. `refuse` them; `accept` those without InResponseTo (sign-in started at the IdP); `accept-foreign`, only with audience aws, also those with an InResponseTo: they answer a request that some other tool sent in AWS's name, which nobody here can check. Default `accept` with audience aws, `refuse` with audience sallyport.",
      }),
    ),
    decryptionKeys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        maxItems: 4,
        description:
          'PEM private keys (RSA, 2048 bits or more) for encrypted assertions, e.g. ${file:./saml.key}; several while one replaces another. AES-CBC is decrypted only in a signed Response.',
      }),
    ),
    namespaces: Type.Optional(
      Type.Array(Type.String({ pattern: '^(?!http://www\\.w3\\.org/1999/xhtml)[A-Za-z0-9:/._~#?=%+-]+$' }), {
        maxItems: 20,
        uniqueItems: true,
        description:
          'XML namespaces this IdP declares besides those of SAML, XML Signature, XML Encryption and XML Schema.',
      }),
    ),
    aliases: Type.Optional(
      Type.Record(Type.String({ pattern: NAME_PATTERN }), Type.String({ minLength: 1 }), {
        ...closed,
        description:
          'Short names of attributes: alias: attribute, e.g. email: http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress. Where an attribute is called like the alias itself, the name means that attribute.',
      }),
    ),
    mfa: Type.Optional(Mfa),
    maxLifetime: Type.Optional(
      Duration('Longest accepted time from IssueInstant to NotOnOrAfter. Default 1h.'),
    ),
  },
  {
    ...closed,
    description:
      'A SAML 2.0 identity provider. Claims: every attribute by its Name, as a list of strings; and, as single strings, Issuer, NameID, NameIDFormat, NameQualifier, SPNameQualifier, Recipient, AuthnContextClassRef, AuthnInstant and SessionIndex.',
  },
);
export type SamlIssuer = Static<typeof SamlIssuer>;
