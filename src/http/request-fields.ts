// The fields by which a caller proves who it is and says what it wants, wherever they come: body, form or query. Their
// names and forms are the same on every surface.
import { MIN_SESSION_SECONDS, namePattern, sessionName } from '@sallyport/sts-protocol/constraints';
import { type Static, Type } from 'typebox';
import { POLICY_ARN_PATTERN } from '../core/arn.js';
import type { SessionParameters } from '../core/types.js';

export const SAMLResponse = Type.String({
  minLength: 1,
  description: 'Base64 of the SAML Response, instead of a Bearer token.',
});

export const sessionParameterFields = {
  Role: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        "The role's name, or the ARN of an IAM role: of one that the config has, or of one that a claim names. May be left out if exactly one is permitted; else 409 names the choices.",
    }),
  ),
  DurationSeconds: Type.Optional(
    Type.Integer({
      minimum: MIN_SESSION_SECONDS,
      description: "Lifetime in seconds, up to the role's limit.",
    }),
  ),
  Policy: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'Session policy as JSON text; it can only reduce.',
    }),
  ),
  PolicyArns: Type.Optional(
    Type.Array(Type.String({ maxLength: 2048, pattern: POLICY_ARN_PATTERN }), {
      minItems: 1,
      maxItems: 10,
      description: 'ARNs of managed session policies; they can only reduce. In a form, repeat the field.',
    }),
  ),
  RoleSessionName: Type.Optional(
    Type.String({
      pattern: namePattern(sessionName),
      description: 'Name of the session, where the role lets the caller choose it; elsewhere it is refused.',
    }),
  ),
  Reason: Type.Optional(
    Type.String({
      pattern: '\\S',
      maxLength: 500,
      description: 'Why, where the role requires it; kept in the audit log.',
    }),
  ),
};

export const SessionParameterFields = Type.Object(sessionParameterFields, { additionalProperties: false });
export type SessionParameterFields = Static<typeof SessionParameterFields>;

export const toSessionParameters = ({
  Role,
  DurationSeconds,
  Policy,
  PolicyArns,
  RoleSessionName,
  Reason,
}: SessionParameterFields): SessionParameters => ({
  ...(Role !== undefined && { role: Role }),
  ...(DurationSeconds !== undefined && { durationSeconds: DurationSeconds }),
  ...(Policy !== undefined && { policy: Policy }),
  ...(PolicyArns !== undefined && { policyArns: PolicyArns }),
  ...(RoleSessionName !== undefined && { roleSessionName: RoleSessionName }),
  ...(Reason !== undefined && { reason: Reason }),
});

/** The same as a query, to ask for it again. */
export function toQuery({ policyArns = [], ...asked }: SessionParameters): string {
  const named = {
    Role: asked.role,
    DurationSeconds: asked.durationSeconds,
    Policy: asked.policy,
    RoleSessionName: asked.roleSessionName,
    Reason: asked.reason,
  };
  const pairs = Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return new URLSearchParams([...pairs, ...policyArns.map((arn) => ['PolicyArns', arn])]).toString();
}
