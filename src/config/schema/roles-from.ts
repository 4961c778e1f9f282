// The section `rolesFrom`: roles that a claim names by ARN, the allowlist for them, and the STS operation.
import { type Static, Type } from 'typebox';
import { closed } from './primitives.js';
import { AssumeRoleWithSamlRole, sharedRoleSettings } from './role.js';
import { sessionLimits, sessionName } from './session.js';

const allowlist = {
  accounts: Type.Array(Type.String({ pattern: '^[0-9]{12}$' }), {
    minItems: 1,
    maxItems: 1000,
    uniqueItems: true,
    description: 'IDs of the AWS accounts whose roles are allowed, 12 digits in quotes. At most 1000.',
  }),
  roleArns: Type.Array(Type.String({ pattern: '^arn:' }), {
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
    description:
      'Patterns, one of which must match the role ARN, for example arn:aws:iam::*:role/federated/*. * matches any number of characters, ? exactly one. At most 100.',
  }),
};

export const RolesFromSaml = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithSAML'),
    claim: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Name of the attribute with pairs "role ARN,provider ARN", in either order and of one account. Default: https://aws.amazon.com/SAML/Attributes/Role.',
      }),
    ),
    ...allowlist,
    session: AssumeRoleWithSamlRole.properties.session,
    ...sharedRoleSettings,
  },
  { ...closed, description: 'Roles that a SAML attribute names.' },
);

export const RolesFromWebIdentity = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithWebIdentity'),
    claim: Type.String({
      minLength: 1,
      description: 'Name of the claim with a role ARN or a list of role ARNs.',
    }),
    ...allowlist,
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits },
        { ...closed, description: 'The session. Tags and source identity come from the token.' },
      ),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: 'Roles that a claim of a JWT names.' },
);

export type RolesFromConfig = Static<typeof RolesFromSaml> | Static<typeof RolesFromWebIdentity>;
