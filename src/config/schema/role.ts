// A role in the config: something the broker can issue, and the STS operation that yields it. One schema for each
// operation, because each takes different parameters; what STS would ignore or refuse cannot be written down.
import { type Static, Type } from 'typebox';
import { IAM_ROLE_ARN_PATTERN, POLICY_ARN_PATTERN, SAML_PROVIDER_ARN_PATTERN } from '../../core/arn.js';
import { closed, Duration } from './common.js';

const sessionLimits = {
  duration: Type.Optional(
    Duration('Lifetime when the request names none. Default 1h, or maxDuration if that is less.'),
  ),
  maxDuration: Type.Optional(
    Duration('Longest lifetime a request may ask for. Default 1h, or duration if that is more.'),
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

const sessionName = (limit: number) =>
  Type.String({
    minLength: 1,
    description: `Template of the session name: 2 to ${limit} of A-Z a-z 0-9 _ + = , . @ -. Default \${slug(claims.sub)}.`,
  });

const shared = {
  reason: Type.Optional(
    Type.Literal('required', { description: 'The request must carry a Reason, which the audit log keeps.' }),
  ),
};

const roleArn = Type.String({
  pattern: IAM_ROLE_ARN_PATTERN,
  description: 'ARN of the IAM role, e.g. arn:aws:iam::111122223333:role/deploy.',
});

export const AssumeRoleWithSamlRole = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithSAML'),
    roleArn,
    principalArn: Type.String({
      pattern: SAML_PROVIDER_ARN_PATTERN,
      description: 'ARN of the SAML provider in IAM, e.g. arn:aws:iam::111122223333:saml-provider/Adfs.',
    }),
    session: Type.Optional(
      Type.Object(sessionLimits, {
        ...closed,
        description: 'The session. Its name, tags and source identity come from the assertion.',
      }),
    ),
    ...shared,
  },
  { ...closed, description: "Issued by passing the caller's SAML response to STS." },
);

export const AssumeRoleWithWebIdentityRole = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithWebIdentity'),
    roleArn,
    webIdentity: Type.Optional(
      Type.Literal('caller', { description: "Forward the caller's own JWT. The default." }),
    ),
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits },
        { ...closed, description: 'The session. Its tags and source identity come from the token.' },
      ),
    ),
    ...shared,
  },
  { ...closed, description: "Issued by passing the caller's JWT to STS." },
);

export const GetFederationTokenRole = Type.Object(
  {
    via: Type.Literal('GetFederationToken'),
    session: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(sessionName(32)),
          ...sessionLimits,
          tags: Type.Optional(
            Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.String(), {
              maxProperties: 50,
              description: 'Session tags; values are templates.',
            }),
          ),
        },
        {
          ...closed,
          description: 'The session. Without policy or policyArns the federated user may do nothing.',
        },
      ),
    ),
    ...shared,
  },
  { ...closed, description: "A federated user, issued with the broker's own long-term IAM user keys." },
);

const allowlist = {
  accounts: Type.Array(Type.String({ pattern: '^[0-9]{12}$' }), {
    minItems: 1,
    maxItems: 1000,
    uniqueItems: true,
    description: 'Ids of the accounts whose roles may be named, in quotes.',
  }),
  roleArns: Type.Array(Type.String({ pattern: '^arn:' }), {
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
    description:
      'Globs, one of which must fit the ARN of the role: * any run, ? one character, e.g. arn:aws:iam::*:role/federated/*.',
  }),
};

export const RolesFromSaml = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithSAML'),
    claim: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Attribute of pairs "role ARN,provider ARN", in either order and of one account. Default https://aws.amazon.com/SAML/Attributes/Role.',
      }),
    ),
    ...allowlist,
    session: AssumeRoleWithSamlRole.properties.session,
    ...shared,
  },
  { ...closed, description: 'Roles that a SAML attribute names.' },
);

export const RolesFromWebIdentity = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithWebIdentity'),
    claim: Type.String({ minLength: 1, description: 'Claim of role ARNs, one or a list.' }),
    ...allowlist,
    session: AssumeRoleWithWebIdentityRole.properties.session,
    ...shared,
  },
  { ...closed, description: 'Roles that a claim of a JWT names.' },
);

export type RolesFromConfig = Static<typeof RolesFromSaml> | Static<typeof RolesFromWebIdentity>;

export type RoleConfig =
  | Static<typeof AssumeRoleWithSamlRole>
  | Static<typeof AssumeRoleWithWebIdentityRole>
  | Static<typeof GetFederationTokenRole>;
