// An issuer of `type: saml`: whose assertions are accepted, for which recipient, within which limits.
import { type Static, Type } from 'typebox';
import { closed, Duration, Mfa, NAME_PATTERN } from './primitives.js';

export const SamlIssuer = Type.Object(
  {
    type: Type.Literal('saml'),
    metadata: Type.String({
      minLength: 1,
      description: 'IdP metadata: a file or an https URL. It is the only source of signing keys.',
    }),
    metadataCertificate: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'PEM certificate of the key that must have signed the metadata, for example ${file:./federation.crt}. Default: the metadata is trusted because of its location.',
      }),
    ),
    refresh: Type.Optional(
      Duration(
        'Interval at which the metadata is read again. If that fails, the last valid metadata stays in use. Default: 1h.',
      ),
    ),
    audience: Type.Optional(
      Type.Enum(['aws', 'sallyport'], {
        description:
          'Recipient of the assertions. `aws`: an AWS sign-in URL; such assertions can be passed to AssumeRoleWithSAML. `sallyport`: this broker. Default: `aws`.',
      }),
    ),
    unsolicited: Type.Optional(
      Type.Enum(['refuse', 'accept', 'accept-foreign'], {
        description:
          'Whether to accept responses to no request of this broker. `refuse`: no. `accept`: those without InResponseTo (IdP-initiated sign-in). `accept-foreign`, only with audience aws: also those with an InResponseTo, which refers to a request of another tool and cannot be verified. Default: `accept` with audience aws, `refuse` with audience sallyport.',
      }),
    ),
    decryptionKeys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        maxItems: 4,
        description:
          '1 to 4 PEM private keys (RSA, at least 2048 bits) for encrypted assertions, for example ${file:./saml.key}. Use two keys during a key rotation. AES-CBC is decrypted only in a signed Response. Default: encrypted assertions are refused.',
      }),
    ),
    namespaces: Type.Optional(
      Type.Array(Type.String({ pattern: '^(?!http://www\\.w3\\.org/1999/xhtml)[A-Za-z0-9:/._~#?=%+-]+$' }), {
        maxItems: 20,
        uniqueItems: true,
        description:
          'XML namespaces that this IdP declares in addition to those of SAML, XML Signature, XML Encryption and XML Schema. At most 20.',
      }),
    ),
    aliases: Type.Optional(
      Type.Record(Type.String({ pattern: NAME_PATTERN }), Type.String({ minLength: 1 }), {
        ...closed,
        description:
          'Short names for attributes, as alias: attribute, for example email: http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress. If the IdP sends an attribute with the name of the alias, that attribute takes precedence.',
      }),
    ),
    mfa: Type.Optional(Mfa),
    maxLifetime: Type.Optional(
      Duration('Longest accepted time from IssueInstant to NotOnOrAfter. Default: 1h.'),
    ),
  },
  {
    ...closed,
    description:
      'A SAML 2.0 identity provider. Each attribute is a claim with a list of strings, by its Name. Issuer, NameID, NameIDFormat, NameQualifier, SPNameQualifier, Recipient, AuthnContextClassRef, AuthnInstant and SessionIndex are claims with a single string.',
  },
);
export type SamlIssuer = Static<typeof SamlIssuer>;
