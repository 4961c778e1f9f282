// Request fields that several surfaces take, in a body, a form or a query: the proof and the session parameters.
import { MIN_SESSION_SECONDS, namePattern, sessionName } from '@sallyport/sts-protocol/constraints';
import { type Static, Type } from 'typebox';
import { POLICY_ARN_PATTERN } from '../core/arn.js';
import { omitUndefined } from '../core/omit-undefined.js';
import type { SessionParameters } from '../core/types.js';

export const closed = { additionalProperties: false } as const;

export const SAMLResponse = Type.String({
  minLength: 1,
  description: 'The SAML Response in base64, instead of a Bearer token.',
});

export const sessionParameterFields = {
  Role: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description:
        'The name of a role in the config, or the ARN of an IAM role that the config or a claim names. Optional if exactly one role is permitted; otherwise 409 lists the choices.',
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
      description: 'Session policy as JSON text. It can only reduce permissions.',
    }),
  ),
  PolicyArns: Type.Optional(
    Type.Array(Type.String({ maxLength: 2048, pattern: POLICY_ARN_PATTERN }), {
      minItems: 1,
      maxItems: 10,
      description:
        'ARNs of managed session policies. They can only reduce permissions. In a form, repeat the field.',
    }),
  ),
  RoleSessionName: Type.Optional(
    Type.String({
      pattern: namePattern(sessionName),
      description: 'Session name. Rejected unless the role lets the caller choose it.',
    }),
  ),
  Reason: Type.Optional(
    Type.String({
      pattern: '\\S',
      maxLength: 500,
      description: 'Reason for the request, for roles that require one. Recorded in the audit log.',
    }),
  ),
};

export const SessionParameterFields = Type.Object(sessionParameterFields, closed);
export type SessionParameterFields = Static<typeof SessionParameterFields>;

export const toSessionParameters = (fields: SessionParameterFields): SessionParameters =>
  omitUndefined({
    role: fields.Role,
    durationSeconds: fields.DurationSeconds,
    policy: fields.Policy,
    policyArns: fields.PolicyArns,
    roleSessionName: fields.RoleSessionName,
    reason: fields.Reason,
  });

/** The reverse: a query string for a login URL. */
export function toQuery({ policyArns = [], ...parameters }: SessionParameters): string {
  const fields = {
    Role: parameters.role,
    DurationSeconds: parameters.durationSeconds,
    Policy: parameters.policy,
    RoleSessionName: parameters.roleSessionName,
    Reason: parameters.reason,
  };
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return new URLSearchParams([...pairs, ...policyArns.map((arn) => ['PolicyArns', arn])]).toString();
}
