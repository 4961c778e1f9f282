// A role in the config: something the broker can issue, and the STS operation that yields it. One schema for each
// operation, because each takes different parameters; what STS would ignore or refuse cannot be written down.
import { type Static, Type } from 'typebox';
import { IAM_ROLE_ARN_PATTERN, SAML_PROVIDER_ARN_PATTERN } from '../../core/arn.js';
import type { ChainedRole } from '../../core/types.js';
import { closed, REGION_PATTERN } from './primitives.js';
import { attribution, sessionLimits, sessionName, tags } from './session.js';

/** What every role has, however it is issued. */
export const sharedRoleSettings = {
  region: Type.Optional(
    Type.String({
      pattern: REGION_PATTERN,
      description:
        'Region whose STS is asked, it alone. Default aws.region, and aws.failoverRegions while it is away.',
    }),
  ),
  reason: Type.Optional(
    Type.Literal('required', { description: 'The request must carry a Reason, which the audit log keeps.' }),
  ),
  cache: Type.Optional(
    Type.Enum(['off', 'per-principal'], {
      description:
        '`per-principal`: a caller who asks for the same again while enough life is left gets the same credentials. `off`: STS is asked for each request. Default per-principal.',
    }),
  ),
};

const roleArn = Type.String({
  pattern: IAM_ROLE_ARN_PATTERN,
  description: 'ARN of the IAM role, e.g. arn:aws:iam::111122223333:role/deploy.',
});

const externalId = Type.Optional(
  Type.String({
    pattern: '^[A-Za-z0-9_+=,.@:/-]{2,1224}$',
    description: "What the role's trust policy demands as sts:ExternalId, e.g. ${env:NAME}.",
  }),
);

const mfa = Type.Optional(
  Type.Literal('required', {
    description:
      "The request must carry SerialNumber and TokenCode, of an MFA device of the broker's own IAM user.",
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
          description: 'ARN of a role, or roleArn with the externalId it demands.',
        }),
        {
          minItems: 1,
          maxItems: 8,
          description:
            'Roles to take on before this one, in order. STS gives one hour at most at the end of a chain.',
        },
      ),
    ),
    mfa,
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits, ...attribution },
        { ...closed, description: 'The session. Every role of a chain gets its name.' },
      ),
    ),
    ...sharedRoleSettings,
  },
  {
    ...closed,
    description: "Taken on with the broker's own identity, straight or through a chain of roles.",
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
      "The broker's own IAM user on temporary credentials, for calls that demand MFA. Prefer any other operation: nothing narrows it.",
  },
);

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
    ...sharedRoleSettings,
  },
  { ...closed, description: "Issued by passing the caller's SAML response to STS." },
);

export const AssumeRoleWithWebIdentityRole = Type.Object(
  {
    via: Type.Literal('AssumeRoleWithWebIdentity'),
    roleArn,
    webIdentity: Type.Optional(
      Type.Enum(['caller', 'broker'], {
        description:
          "`caller`: forward the caller's own JWT. `broker`: sign one about the caller, who may then come with any proof; the section webIdentity says how. Default caller.",
      }),
    ),
    session: Type.Optional(
      Type.Object(
        { name: Type.Optional(sessionName(64)), ...sessionLimits, ...attribution },
        {
          ...closed,
          description:
            "The session. With the caller's own JWT, its tags and source identity come from that token alone.",
        },
      ),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: 'Issued by passing a JWT to STS.' },
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
          description: 'The session. Without policy or policyArns the federated user may do nothing.',
        },
      ),
    ),
    ...sharedRoleSettings,
  },
  { ...closed, description: "A federated user, issued with the broker's own long-term IAM user keys." },
);

export type RoleConfig =
  | Static<typeof AssumeRoleRole>
  | Static<typeof GetSessionTokenRole>
  | Static<typeof AssumeRoleWithSamlRole>
  | Static<typeof AssumeRoleWithWebIdentityRole>
  | Static<typeof GetFederationTokenRole>;
