// Schema pieces that several sections share. Each carries the sentence an editor and a fault message show.
import { type TSchema, Type } from 'typebox';
import { DURATION_PATTERN } from '../../core/duration.js';

/** A name the operator chooses for an issuer, role or grant. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$';

export const REGION_PATTERN = '^[a-z]{2,4}(?:-[a-z]+)+-[0-9]+$';

/** http or https, without user, query, fragment, or a slash at the end. */
export const BASE_URL_PATTERN = '^https?://[^/?#@\\s]+(?:/[^?#\\s]*[^/?#\\s])?$';

export const DURATION_FORMAT = 'A number and s, m, h or d, e.g. 15m.';

export const Duration = (description: string) =>
  Type.String({
    pattern: DURATION_PATTERN,
    description: `${description} ${DURATION_FORMAT}`,
  });

export const closed = { additionalProperties: false } as const;

/** One string or a list of them. String keywords bind only the string, array keywords only the list. */
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

/** One of several object schemas, told apart by one property, so that a fault speaks of the right one only. */
export const discriminatedUnion = <T>(
  propertyName: string,
  variants: readonly TSchema[],
  description: string,
) => Type.Unsafe<T>({ type: 'object', discriminator: { propertyName }, oneOf: variants, description });

const strings = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 100, uniqueItems: true, description }),
  );

/** What an issuer says of a caller who used several factors. */
export const Mfa = Type.Object(
  {
    acr: strings('Values of `acr`, for SAML of AuthnContextClassRef, that mean several factors.'),
    amr: strings(
      'Values of `amr`, for SAML of the attribute http://schemas.microsoft.com/claims/authnmethodsreferences, that mean several factors.',
    ),
  },
  {
    ...closed,
    minProperties: 1,
    description: 'What counts where a grant says `mfa: required`. One of the values is enough.',
  },
);
