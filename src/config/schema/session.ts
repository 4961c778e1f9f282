// What a role's session can say in the config, for those operations of STS that take it.
import { Type } from 'typebox';
import { POLICY_ARN_PATTERN } from '../../core/arn.js';
import { Duration } from './primitives.js';

export const sessionLimits = {
  duration: Type.Optional(
    Duration('Lifetime when the request names none. Default 1h, or maxDuration if that is less.'),
  ),
  maxDuration: Type.Optional(
    Duration('Longest lifetime a request may ask for. Default 1h, or duration if that is more.'),
  ),
  endWithProof: Type.Optional(
    Type.Literal(true, {
      description:
        "Credentials end with the caller's JWT or assertion at the latest; one with less than 15m left is refused.",
    }),
  ),
  policy: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'Inline session policy. ${claims.NAME} in its strings is replaced; the value may not hold *, ? or $.',
    }),
  ),
  policyArns: Type.Optional(
    Type.Array(Type.String({ pattern: POLICY_ARN_PATTERN }), {
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      description: 'ARNs of managed policies used as session policies.',
    }),
  ),
};

export const sessionName = (limit: number) =>
  Type.String({
    minLength: 1,
    description: `Template of the session name: 2 to ${limit} of A-Z a-z 0-9 _ + = , . @ -. Default \${slug(claims.sub)}, of a SAML caller \${slug(claims.NameID)}. \${request.RoleSessionName} in it lets the caller choose.`,
  });

export const tags = Type.Optional(
  Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String(), {
    maxProperties: 50,
    description: 'Session tags; values are templates.',
  }),
);

/** What a role's session says of the caller for good: AWS shows it, and hands it on from role to role. */
export const attribution = {
  tags,
  transitiveTags: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 50,
      uniqueItems: true,
      description: 'Keys of `tags` that are inherited by sessions of roles taken on from this one.',
    }),
  ),
  sourceIdentity: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Template of the source identity: 2 to 64 of A-Z a-z 0-9 _ + = , . @ -. It stays through all roles taken on; each must allow sts:SetSourceIdentity.',
    }),
  ),
};
