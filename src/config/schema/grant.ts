// A grant in the config: which principals may have which roles. Default deny; `effect: deny` wins over any allow.
import { type Static, Type } from 'typebox';
import { closed, NAME_PATTERN, stringOrList } from './primitives.js';

type Scalar = string | number | boolean;

const SCALAR = ['string', 'number', 'boolean'];
const scalars = (description: string) => ({
  type: 'array',
  items: { type: SCALAR },
  minItems: 1,
  maxItems: 1000,
  description,
});

/** A bare value means `equals`. */
export type MatcherConfig =
  | Scalar
  | {
      readonly equals?: Scalar;
      readonly anyOf?: readonly Scalar[];
      readonly allOf?: readonly Scalar[];
      readonly glob?: string | readonly string[];
      readonly exists?: boolean;
      readonly not?: MatcherConfig;
    };

/** What a grant can permit besides roles. */
const PERMISSIONS = ['explain', 'DecodeAuthorizationMessage'] as const;
export type Permission = (typeof PERMISSIONS)[number];

const MATCHER = '#/$defs/matcher';

/** Goes under `$defs` of the root, since `not` holds a matcher again. Object keywords bind only an object. */
export const matcherDefinition = {
  type: ['string', 'number', 'boolean', 'object'],
  properties: {
    equals: { type: SCALAR, description: 'The claim is this value alone. The same as the bare value.' },
    anyOf: scalars("One of these is among the claim's values."),
    allOf: scalars("All of these are among the claim's values."),
    glob: stringOrList(
      'One of the values fits a pattern, or one of a list of patterns: * is any run of characters, ? exactly one.',
    ),
    exists: { type: 'boolean', description: 'The claim is there; with false, it is not.' },
    not: {
      $ref: MATCHER,
      description: 'The matcher inside does not hold; also when the claim is not there.',
    },
  },
  ...closed,
  minProperties: 1,
  description:
    'A value (equals), or an object whose conditions must all hold. `equals`: the value. `anyOf` / `allOf`: one / every one of these is among the values. `glob`: * any run, ? one character. `exists`: the claim is there, or is not. `not`: this matcher does not hold.',
};

const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]';

const Between = Type.Object(
  {
    hours: Type.Optional(
      Type.String({
        pattern: `^(${TIME})-(?!\\1)(?:${TIME}|24:00)$`,
        description:
          'From and to, e.g. "08:00-18:00", or over midnight "22:00-06:00". The start belongs to it, the end does not; 24:00 ends a day. Default all day.',
      }),
    ),
    weekdays: Type.Optional(
      Type.Array(Type.Enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']), {
        minItems: 1,
        uniqueItems: true,
        description: 'Days. Hours over midnight belong to the day on which they begin. Default every day.',
      }),
    ),
    timeZone: Type.String({
      pattern: '^[A-Za-z]',
      description:
        'Name of the IANA time zone whose clocks count, e.g. Europe/Berlin, daylight saving time included.',
    }),
  },
  { ...closed, minProperties: 2, description: 'Hours, weekdays or both, in a time zone.' },
);
export type BetweenConfig = Static<typeof Between>;

export const Grant = Type.Object(
  {
    id: Type.String({
      pattern: NAME_PATTERN,
      description: 'Names the grant in answers, log and audit. Unique.',
    }),
    effect: Type.Optional(
      Type.Enum(['allow', 'deny'], {
        description: '`allow`, the default, or `deny`: one that matches wins over every allow.',
      }),
    ),
    issuer: Type.Optional(
      stringOrList(
        'Name or names of issuers. An allow must name at least one; a deny without it is for all.',
      ),
    ),
    match: Type.Record(Type.String({ minLength: 1 }), Type.Unsafe<MatcherConfig>({ $ref: MATCHER }), {
      description: 'Claims and what they must be; all must hold. {} matches everyone from the issuer.',
    }),
    from: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'Addresses or CIDR blocks the caller must be in, e.g. 10.0.0.0/8.',
      }),
    ),
    between: Type.Optional(Between),
    mfa: Type.Optional(
      Type.Literal('required', {
        description:
          'Only for an allow: the identity provider must say that several factors were used, see `mfa` of the issuer.',
      }),
    ),
    when: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2000,
        description:
          'CEL expression that must hold too, over claims, issuer, subject, sourceAddress and now. Where it cannot be evaluated, a deny denies and an allow does not allow.',
      }),
    ),
    roles: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        uniqueItems: true,
        description: 'Names of roles, of entries of rolesFrom, or ARNs of roles from a claim; "*" for all.',
      }),
    ),
    permissions: Type.Optional(
      Type.Array(Type.Enum([...PERMISSIONS]), {
        minItems: 1,
        uniqueItems: true,
        description:
          'What the principals may do with the broker itself, beside or instead of roles. `explain`: see why anyone is given or refused a role. `DecodeAuthorizationMessage`: read what AWS services say when they refuse.',
      }),
    ),
  },
  { ...closed, description: 'Which principals may have which roles.' },
);
