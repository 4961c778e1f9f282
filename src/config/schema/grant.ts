// The section `grants`: which principals may use which roles. Default deny; an explicit deny overrides every allow.
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

/** Operations of the broker itself that a grant can permit. */
const PERMISSIONS = ['explain', 'DecodeAuthorizationMessage'] as const;
export type Permission = (typeof PERMISSIONS)[number];

const MATCHER = '#/$defs/matcher';

/** Stands under `$defs` of the root schema because `not` refers to it recursively. Object keywords apply only to an object. */
export const matcherDefinition = {
  type: ['string', 'number', 'boolean', 'object'],
  properties: {
    equals: {
      type: SCALAR,
      description: 'The claim has this value and no other. A bare value means the same.',
    },
    anyOf: scalars("A list of which at least one is among the claim's values."),
    allOf: scalars("A list of which all are among the claim's values."),
    glob: stringOrList(
      'A pattern, or a list of patterns, one of which must match one of the values. * matches any number of characters, ? exactly one.',
    ),
    exists: {
      type: 'boolean',
      description: 'With true the claim must be present, with false it must be absent.',
    },
    not: {
      $ref: MATCHER,
      description: 'A matcher that must not match. It is satisfied if the claim is absent.',
    },
  },
  ...closed,
  minProperties: 1,
  description:
    'A value (same as `equals`), or a mapping of conditions that must all be met: `equals`, `anyOf`, `allOf`, `glob`, `exists`, `not`.',
};

const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]';

const Between = Type.Object(
  {
    hours: Type.Optional(
      Type.String({
        pattern: `^(${TIME})-(?!\\1)(?:${TIME}|24:00)$`,
        description:
          'Start and end time as "HH:MM-HH:MM", for example "08:00-18:00", or across midnight "22:00-06:00". The start is inclusive, the end exclusive; 24:00 is the end of the day. Default: all day.',
      }),
    ),
    weekdays: Type.Optional(
      Type.Array(Type.Enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']), {
        minItems: 1,
        uniqueItems: true,
        description:
          'Days of the week. A window across midnight belongs to the day on which it starts. Default: every day.',
      }),
    ),
    timeZone: Type.String({
      pattern: '^[A-Za-z]',
      description:
        'Name of the IANA time zone for hours and weekdays, for example Europe/Berlin. Daylight saving time applies.',
    }),
  },
  {
    ...closed,
    minProperties: 2,
    description: 'Time window: hours, weekdays or both, in a time zone. Default: always.',
  },
);
export type BetweenConfig = Static<typeof Between>;

export const Grant = Type.Object(
  {
    id: Type.String({
      pattern: NAME_PATTERN,
      description: 'Unique name of the grant, shown in responses, logs and audit records.',
    }),
    effect: Type.Optional(
      Type.Enum(['allow', 'deny'], {
        description: '`allow` or `deny`. A deny overrides every allow. Default: `allow`.',
      }),
    ),
    issuer: Type.Optional(
      stringOrList(
        'Name of an issuer, or a list of names. Required for an allow. Default for a deny: all issuers.',
      ),
    ),
    match: Type.Record(Type.String({ minLength: 1 }), Type.Unsafe<MatcherConfig>({ $ref: MATCHER }), {
      description: 'Matchers by claim name. All must match; `{}` matches every principal of the issuer.',
    }),
    from: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description:
          'IP addresses or CIDR blocks, one of which must contain the source address, for example 10.0.0.0/8. Default: any address.',
      }),
    ),
    between: Type.Optional(Between),
    mfa: Type.Optional(
      Type.Literal('required', {
        description:
          'Require that the identity provider reports multi-factor authentication; `mfa` of the issuer sets the accepted claim values. Only valid for an allow.',
      }),
    ),
    when: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2000,
        description:
          'CEL expression that must also be true, of 1 to 2000 characters. It can read claims, issuer, subject, sourceAddress and now. If it cannot be evaluated, a deny applies and an allow does not.',
      }),
    ),
    roles: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        uniqueItems: true,
        description:
          'Names of roles or of rolesFrom entries, or ARNs of roles that a claim names. "*" means all roles.',
      }),
    ),
    permissions: Type.Optional(
      Type.Array(Type.Enum([...PERMISSIONS]), {
        minItems: 1,
        uniqueItems: true,
        description:
          'Operations of the broker itself, in addition to or instead of roles. `explain`: see why any principal is permitted or refused a role. `DecodeAuthorizationMessage`: decode authorization failure messages of AWS services.',
      }),
    ),
  },
  { ...closed, description: 'A grant: which principals may use which roles.' },
);
