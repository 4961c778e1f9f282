// Roles that a claim names by ARN, inside an allowlist, and the STS operation that yields them.
import { type Static, Type } from 'typebox';
import { closed } from './primitives.js';
import { AssumeRoleWithSamlRole, sharedRoleSettings } from './role.js';
import { sessionLimits, sessionName } from './session.js';

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
    ...sharedRoleSettings,
  },
  { ...closed, description: 'Roles that a SAML attribute names.' },
);

export const RolesFromWebIdentity = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithWebIdentity'),
    claim: Type.String({ minLength: 1, description: 'Claim of role ARNs, one or a list.' }),
    ...allowlist,
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits },
        { ...closed, description: 'The session. Its tags and source identity come from the token.' },
      ),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: 'Roles that a claim of a JWT names.' },
);

export type RolesFromConfig = Static<typeof RolesFromSaml> | Static<typeof RolesFromWebIdentity>;
