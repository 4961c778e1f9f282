// Building blocks that several config sections share. Each description appears in editors, in docs/configuration.md and
// in error messages; an error message shows its first sentence, so that sentence names the expected value.
import { type TSchema, Type } from 'typebox';
import { DURATION_PATTERN } from '../../core/duration.js';

/** Name that the operator chooses for an issuer, role or grant. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$';

export const REGION_PATTERN = '^[a-z]{2,4}(?:-[a-z]+)+-[0-9]+$';

/** http or https URL without user, query, fragment or trailing slash. */
export const BASE_URL_PATTERN = '^https?://[^/?#@\\s]+(?:/[^?#\\s]*[^/?#\\s])?$';

export const DURATION_FORMAT = 'A whole number followed by s, m, h or d, for example 15m.';

export const Duration = (description: string) =>
  Type.String({
    pattern: DURATION_PATTERN,
    description: `${description} ${DURATION_FORMAT}`,
  });

export const closed = { additionalProperties: false } as const;

/** A string or a list of strings. String keywords apply only to the string, array keywords only to the list. */
export const stringOrList = (description: string) =>
  Type.Unsafe<string | string[]>({
    type: ['string', 'array'],
    minLength: 1,
    items: { type: 'string', minLength: 1 },
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
    description,
  });

/** Several object schemas, selected by one property, so that errors are reported for the selected schema only. */
export const discriminatedUnion = <T>(
  propertyName: string,
  variants: readonly TSchema[],
  description: string,
) => Type.Unsafe<T>({ type: 'object', discriminator: { propertyName }, oneOf: variants, description });

const stringList = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 100, uniqueItems: true, description }),
  );

export const Mfa = Type.Object(
  {
    acr: stringList(
      'Values of the `acr` claim (SAML: AuthnContextClassRef) that mean multi-factor authentication.',
    ),
    amr: stringList(
      'Values of the `amr` claim (SAML: the attribute http://schemas.microsoft.com/claims/authnmethodsreferences) that mean multi-factor authentication.',
    ),
  },
  {
    ...closed,
    minProperties: 1,
    description:
      'Claim values that satisfy `mfa: required` of a grant. One of the values is enough. A list that is not set keeps its default.',
  },
);
