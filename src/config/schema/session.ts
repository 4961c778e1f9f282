// The session settings of a role. Each STS operation takes some of them.
import { Type } from 'typebox';
import { POLICY_ARN_PATTERN } from '../../core/arn.js';
import { Duration } from './primitives.js';

export const sessionLimits = {
  duration: Type.Optional(
    Duration(
      'Lifetime if the request has no DurationSeconds. Default: 1h, or maxDuration if that is shorter.',
    ),
  ),
  maxDuration: Type.Optional(
    Duration('Maximum lifetime that a request can specify. Default: 1h, or duration if that is longer.'),
  ),
  endWithProof: Type.Optional(
    Type.Literal(true, {
      description:
        "Credentials expire no later than the caller's JWT or assertion. A proof that expires in less than 15 minutes is refused. Default: off.",
    }),
  ),
  policy: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description:
        'Inline session policy. ${claims.NAME} in its strings is replaced; the claim value must not contain *, ? or $.',
    }),
  ),
  policyArns: Type.Optional(
    Type.Array(Type.String({ pattern: POLICY_ARN_PATTERN }), {
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      description: '1 to 10 ARNs of managed policies to use as session policies.',
    }),
  ),
};

export const sessionName = (limit: number) =>
  Type.String({
    minLength: 1,
    description: `Template for the session name, 2 to ${limit} characters of A-Z a-z 0-9 _ + = , . @ -. With \${request.RoleSessionName} the caller chooses the name or a part of it. Default: \${slug(claims.sub)}, for a SAML caller \${slug(claims.NameID)}.`,
  });

export const tags = Type.Optional(
  Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String(), {
    maxProperties: 50,
    description: 'Session tags, at most 50. The values are templates.',
  }),
);

/** Settings that attribute the session to the caller: AWS logs them and passes them on to chained roles. */
export const attribution = {
  tags,
  transitiveTags: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 50,
      uniqueItems: true,
      description: 'Keys of `tags` that sessions of chained roles inherit. At most 50.',
    }),
  ),
  sourceIdentity: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Template for the source identity, 2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -. It persists through role chaining; the trust policy of each role must allow sts:SetSourceIdentity.',
    }),
  ),
};
