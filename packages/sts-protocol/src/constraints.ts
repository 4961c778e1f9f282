// The constraints of all parameters, from the STS service model (2011-06-15). validate.ts enforces them, and the parameter
// types of the operations are derived from them.

export interface TextConstraint {
  readonly type: 'text';
  /** Length in Unicode code points. */
  readonly min?: number;
  readonly max?: number;
  /** As in the model, and as error messages quote it. */
  readonly pattern?: string;
  /** Error messages do not repeat the value. What AWS prints in its place is not known. */
  readonly sensitive?: true;
}
export interface IntegerConstraint {
  readonly type: 'integer';
  readonly min: number;
  readonly max: number;
}
export interface ListConstraint {
  readonly type: 'list';
  readonly member: Constraint;
  readonly min?: number;
  readonly max?: number;
}
export interface StructureConstraint {
  readonly type: 'structure';
  readonly required: { readonly [name: string]: Constraint };
  readonly optional: { readonly [name: string]: Constraint };
}
export type Constraint = TextConstraint | IntegerConstraint | ListConstraint | StructureConstraint;

/** The TypeScript type of a value that satisfies a constraint. */
export type ValueOf<C> = C extends TextConstraint
  ? string
  : C extends IntegerConstraint
    ? number
    : C extends { readonly type: 'list'; readonly member: infer M }
      ? readonly ValueOf<M>[]
      : C extends { readonly type: 'structure'; readonly required: infer R; readonly optional: infer O }
        ? { readonly [K in keyof R]: ValueOf<R[K]> } & { readonly [K in keyof O]?: ValueOf<O[K]> }
        : never;

const NAME_PATTERN = String.raw`[\w+=,.@-]*`;
const arn = {
  type: 'text',
  min: 20,
  max: 2048,
  pattern: String.raw`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
} as const;
export const sessionName = { type: 'text', min: 2, max: 64, pattern: NAME_PATTERN } as const;
export const federatedUserName = { type: 'text', min: 2, max: 32, pattern: NAME_PATTERN } as const;
/** What live AWS accepts, and with it the sandbox. The service model says 64: see `portableSourceIdentity`. */
export const sourceIdentity = { type: 'text', min: 2, max: 256, pattern: NAME_PATTERN } as const;
/** Valid by the service model as well as by live AWS: the broker sends no longer ones. */
export const portableSourceIdentity = { ...sourceIdentity, max: 64 } as const;

/** A regular expression for one of the names above that is also valid in a JSON Schema. */
export const namePattern = ({ min, max }: { readonly min: number; readonly max: number }): string =>
  `^[A-Za-z0-9_+=,.@-]{${min},${max}}$`;

const serialNumber = { type: 'text', min: 9, max: 256, pattern: String.raw`[\w+=/:,.@-]*` } as const;
const tokenCode = { type: 'text', min: 6, max: 6, pattern: String.raw`[\d]*` } as const;
/** AssumeRole's Policy has no upper bound in the model: its packed size limits it. */
const unboundedPolicy = {
  type: 'text',
  min: 1,
  pattern: String.raw`[\u0009\u000A\u000D\u0020-\u00FF]+`,
} as const;
const policy = { ...unboundedPolicy, max: 2048 } as const;
const policyArns = {
  type: 'list',
  member: { type: 'structure', required: {}, optional: { arn } },
} as const;

/** Bounds of DurationSeconds. */
export const MIN_SESSION_SECONDS = 900;
export const MAX_ROLE_SESSION_SECONDS = 43_200;
export const MAX_USER_SESSION_SECONDS = 129_600;
/** For a role that is assumed with the credentials of another session (role chaining). */
export const MAX_CHAINED_SESSION_SECONDS = 3600;

const roleDuration = { type: 'integer', min: MIN_SESSION_SECONDS, max: MAX_ROLE_SESSION_SECONDS } as const;
const userDuration = { type: 'integer', min: MIN_SESSION_SECONDS, max: MAX_USER_SESSION_SECONDS } as const;
export const tagKey = {
  type: 'text',
  min: 1,
  max: 128,
  pattern: String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`,
} as const;
export const tagValue = {
  type: 'text',
  min: 0,
  max: 256,
  pattern: String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`,
} as const;
const tags = {
  type: 'list',
  max: 50,
  member: { type: 'structure', required: { Key: tagKey, Value: tagValue }, optional: {} },
} as const;

const structure = <
  const R extends StructureConstraint['required'],
  const O extends StructureConstraint['optional'],
>(
  required: R,
  optional: O,
) => ({ type: 'structure', required, optional }) as const;

export const CONSTRAINTS = {
  AssumeRole: structure(
    { RoleArn: arn, RoleSessionName: sessionName },
    {
      PolicyArns: policyArns,
      Policy: unboundedPolicy,
      DurationSeconds: roleDuration,
      Tags: tags,
      TransitiveTagKeys: { type: 'list', max: 50, member: tagKey },
      ExternalId: { type: 'text', min: 2, max: 1224, pattern: String.raw`[\w+=,.@:\/-]*` },
      SerialNumber: serialNumber,
      TokenCode: tokenCode,
      SourceIdentity: sourceIdentity,
      ProvidedContexts: {
        type: 'list',
        min: 1,
        max: 5,
        member: structure(
          {},
          { ProviderArn: arn, ContextAssertion: { type: 'text', min: 4, max: 2048, sensitive: true } },
        ),
      },
    },
  ),
  AssumeRoleWithSAML: structure(
    {
      RoleArn: arn,
      PrincipalArn: arn,
      SAMLAssertion: { type: 'text', min: 4, max: 100_000, sensitive: true },
    },
    { PolicyArns: policyArns, Policy: policy, DurationSeconds: roleDuration },
  ),
  AssumeRoleWithWebIdentity: structure(
    {
      RoleArn: arn,
      RoleSessionName: sessionName,
      WebIdentityToken: { type: 'text', min: 4, max: 20_000, sensitive: true },
    },
    {
      ProviderId: { type: 'text', min: 4, max: 2048 },
      PolicyArns: policyArns,
      Policy: policy,
      DurationSeconds: roleDuration,
    },
  ),
  GetFederationToken: structure(
    { Name: federatedUserName },
    { Policy: policy, PolicyArns: policyArns, DurationSeconds: userDuration, Tags: tags },
  ),
  GetSessionToken: structure(
    {},
    { DurationSeconds: userDuration, SerialNumber: serialNumber, TokenCode: tokenCode },
  ),
  GetCallerIdentity: structure({}, {}),
  DecodeAuthorizationMessage: structure({ EncodedMessage: { type: 'text', min: 1, max: 10_240 } }, {}),
  GetAccessKeyInfo: structure(
    { AccessKeyId: { type: 'text', min: 16, max: 128, pattern: String.raw`[\w]*` } },
    {},
  ),
} satisfies Record<string, StructureConstraint>;

export type OperationName = keyof typeof CONSTRAINTS;
export type ParametersOf<N extends OperationName> = ValueOf<(typeof CONSTRAINTS)[N]>;
