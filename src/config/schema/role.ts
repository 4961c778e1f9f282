// The section `roles`: what the broker can issue, and through which STS operation. There is one schema per operation,
// so that the config cannot set a parameter that STS ignores or refuses.
import { type Static, Type } from 'typebox';
import { IAM_ROLE_ARN_PATTERN, SAML_PROVIDER_ARN_PATTERN } from '../../core/arn.js';
import type { ChainedRole } from '../../core/types.js';
import { closed, REGION_PATTERN } from './primitives.js';
import { attribution, sessionLimits, sessionName, tags } from './session.js';

/** Settings that all roles share, for every STS operation. */
export const sharedRoleSettings = {
  region: Type.Optional(
    Type.String({
      pattern: REGION_PATTERN,
      description:
        'The only Region whose STS the broker calls for this role. Default: `aws.region`, with failover to `aws.failoverRegions`.',
    }),
  ),
  reason: Type.Optional(
    Type.Literal('required', {
      description: 'Require a Reason in the request. The audit log records it. Default: not required.',
    }),
  ),
  cache: Type.Optional(
    Type.Enum(['off', 'per-principal'], {
      description:
        '`per-principal`: a caller who repeats a request gets the cached credentials while they are valid long enough. `off`: the broker calls STS for each request. Default: `per-principal`.',
    }),
  ),
};

const roleArn = Type.String({
  pattern: IAM_ROLE_ARN_PATTERN,
  description: 'ARN of the IAM role, for example arn:aws:iam::111122223333:role/deploy.',
});

const externalId = Type.Optional(
  Type.String({
    pattern: '^[A-Za-z0-9_+=,.@:/-]{2,1224}$',
    description:
      "The sts:ExternalId that the role's trust policy requires, 2 to 1224 characters. Default: none.",
  }),
);

const mfa = Type.Optional(
  Type.Literal('required', {
    description:
      "Require SerialNumber and TokenCode in the request, of an MFA device of the broker's own IAM user. Default: optional.",
  }),
);

export const AssumeRoleRole = Type.Object(
  {
    via: Type.Literal('AssumeRole'),
    roleArn,
    externalId,
    chain: Type.Optional(
      Type.Array(
        Type.Unsafe<string | ChainedRole>({
          type: ['string', 'object'],
          pattern: IAM_ROLE_ARN_PATTERN,
          properties: { roleArn, externalId },
          required: ['roleArn'],
          additionalProperties: false,
          description: 'ARN of a role, or a mapping of roleArn and externalId.',
        }),
        {
          minItems: 1,
          maxItems: 8,
          description:
            '1 to 8 roles to assume before this one, in order. STS limits the session of a chained role to one hour. Default: none.',
        },
      ),
    ),
    mfa,
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits, ...attribution },
        { ...closed, description: 'The session. All roles of a chain use the same session name.' },
      ),
    ),
    ...sharedRoleSettings,
  },
  {
    ...closed,
    description:
      'A role that the broker assumes with its own identity, directly or through a chain of roles.',
  },
);

export const GetSessionTokenRole = Type.Object(
  {
    via: Type.Literal('GetSessionToken'),
    mfa,
    session: Type.Optional(
      Type.Object(
        {
          duration: sessionLimits.duration,
          maxDuration: sessionLimits.maxDuration,
          endWithProof: sessionLimits.endWithProof,
        },
        { ...closed, description: 'The session. It has all permissions of the IAM user.' },
      ),
    ),
    ...sharedRoleSettings,
  },
  {
    ...closed,
    description:
      "Temporary credentials of the broker's own IAM user, for calls that require MFA. Prefer any other operation, because the permissions cannot be restricted.",
  },
);

export const AssumeRoleWithSamlRole = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithSAML'),
    roleArn,
    principalArn: Type.String({
      pattern: SAML_PROVIDER_ARN_PATTERN,
      description:
        'ARN of the SAML provider in IAM, for example arn:aws:iam::111122223333:saml-provider/Adfs.',
    }),
    session: Type.Optional(
      Type.Object(sessionLimits, {
        ...closed,
        description: 'The session. Session name, tags and source identity come from the assertion.',
      }),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: "A role that is assumed with the caller's SAML response." },
);

export const AssumeRoleWithWebIdentityRole = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithWebIdentity'),
    roleArn,
    webIdentity: Type.Optional(
      Type.Enum(['caller', 'broker'], {
        description:
          "Whose JWT goes to STS. `caller`: the caller's own. `broker`: one that the broker signs for a caller with any type of proof; requires the section webIdentity. Default: `caller`.",
      }),
    ),
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits, ...attribution },
        {
          ...closed,
          description:
            "The session. With the caller's own JWT, tags and source identity come only from that token.",
        },
      ),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: 'A role that is assumed with a JWT.' },
);

export const GetFederationTokenRole = Type.Object(
  {
    via: Type.Literal('GetFederationToken'),
    session: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(sessionName(32)),
          ...sessionLimits,
          tags,
        },
        {
          ...closed,
          description: 'The session. Without policy or policyArns the federated user has no permissions.',
        },
      ),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: 'A federated user. The broker needs the long-term keys of an IAM user.' },
);

export type RoleConfig =
  | Static<typeof AssumeRoleRole>
  | Static<typeof GetSessionTokenRole>
  | Static<typeof AssumeRoleWithSamlRole>
  | Static<typeof AssumeRoleWithWebIdentityRole>
  | Static<typeof GetFederationTokenRole>;
