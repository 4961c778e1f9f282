// STS error codes -> the broker's error codes, with a detail for the caller. Where one code has several meanings, the
// variants tell them apart by STS's message. Of a message, only a percentage is copied into a detail.
import { PROOF_ERROR_MAP, type StsErrorMapping } from './proof-error-map.js';

const table: Readonly<Record<string, StsErrorMapping>> = {
  ...PROOF_ERROR_MAP,
  AccessDenied: {
    code: 'sts_access_denied',
    variants: [
      {
        text: /MultiFactorAuthentication failed, unable to validate/,
        reason: 'MfaSerialNumber',
        code: 'mfa_rejected',
        detail:
          "STS does not know this MFA device. Send the SerialNumber of a device of the broker's own IAM user, with the code that it shows now.",
      },
      {
        text: /MultiFactorAuthentication failed/,
        reason: 'MfaTokenCode',
        code: 'mfa_rejected',
        detail:
          'STS did not accept the MFA code. Wait for the next code and send it immediately: each is valid for one use.',
      },
      {
        text: /Cannot call Get(?:FederationToken|SessionToken) with session credentials/,
        reason: 'SessionCredentials',
        code: 'broker_credentials_invalid',
        detail:
          'This role needs the long-term keys of an IAM user, but the broker has temporary credentials. Ask the operator to set aws.credentials.',
      },
      {
        text: /may not be assumed by root accounts/,
        reason: 'RootUser',
        code: 'broker_credentials_invalid',
        detail:
          'The broker has the keys of an AWS account root user, which cannot assume roles. Ask the operator to use those of an IAM user or role.',
      },
      {
        text: /sts:TagSession/,
        reason: 'TagSession',
        detail:
          'STS does not permit session tags here. Ask the operator to allow sts:TagSession in the trust policy of the role and in the IAM policy of the broker.',
      },
      {
        text: /sts:SetSourceIdentity/,
        reason: 'SetSourceIdentity',
        detail:
          'STS does not permit a source identity here. Ask the operator to allow sts:SetSourceIdentity in the trust policy of the role and in the IAM policy of the broker.',
      },
      {
        text: /explicit deny/,
        reason: 'ExplicitDeny',
        detail:
          'A policy in AWS explicitly denies this request, for example a service control policy. Ask the operator to look for a Deny statement.',
      },
      {
        text: /sts:AssumeRoleWith(?:SAML|WebIdentity)/,
        reason: 'TrustPolicy',
        detail:
          'The role does not exist, or its trust policy does not allow this proof. Ask the operator to compare its Principal and Condition with the claims of the proof.',
      },
      {
        text: /sts:AssumeRole\b/,
        reason: 'TrustPolicy',
        detail:
          'The role does not exist, its trust policy does not allow the broker, or the broker has no permission to call sts:AssumeRole on it. Ask the operator to check all three.',
      },
    ],
  },
  ExpiredToken: {
    code: 'broker_credentials_invalid',
    detail: "The broker's own AWS session has expired. Ask the operator to renew it.",
  },
  InvalidAuthorizationMessage: { code: 'encoded_message_invalid' },
  InvalidClientTokenId: {
    code: 'broker_credentials_invalid',
    detail:
      "STS does not know the broker's access key: it is deleted, inactive, or of another partition. Ask the operator to check it.",
  },
  InvalidParameterValue: {
    code: 'sts_rejected_request',
    variants: [
      {
        text: /Duplicate tag keys/,
        reason: 'DuplicateTags',
        detail: 'The keys of two session tags differ only in case. Ask the operator to rename one.',
      },
      {
        text: /transitive tag key/,
        reason: 'TransitiveTags',
        detail:
          'A transitive tag key is not among the session tags, or the previous session has set it already. Ask the operator to check transitiveTags.',
      },
    ],
  },
  MalformedPolicyDocument: { code: 'policy_malformed' },
  MissingAuthenticationToken: { code: 'broker_credentials_invalid' },
  PackedPolicyTooLarge: {
    code: 'packed_policy_too_large',
    variants: [
      {
        text: /([0-9]{1,6})% of allotted space/,
        reason: 'Percentage',
        detail:
          'The session policy and tags take $1% of the space that STS allows. Send a shorter Policy, or ask the operator for fewer tags.',
      },
    ],
  },
  RegionDisabled: { code: 'sts_region_disabled' },
  RequestLimitExceeded: { code: 'sts_throttled' },
  SignatureDoesNotMatch: {
    code: 'broker_credentials_invalid',
    variants: [
      {
        text: /Signature expired|Signature not yet current/,
        reason: 'ClockSkew',
        detail: 'The clock of the broker is more than five minutes off. Ask the operator to correct it.',
      },
      {
        text: /Credential should be scoped/,
        reason: 'Scope',
        detail:
          'The STS endpoint belongs to another region than the one the broker signs for. Ask the operator to check the endpoint in the config.',
      },
    ],
    detail: "The broker's secret access key does not match its access key. Ask the operator to check both.",
  },
  Throttling: { code: 'sts_throttled' },
  TooManyRequests: { code: 'sts_throttled' },
  ValidationError: {
    code: 'sts_rejected_request',
    variants: [
      {
        text: /exceeds the MaxSessionDuration/,
        reason: 'MaxSessionDuration',
        detail:
          'The session would be longer than the IAM role allows. Send a smaller DurationSeconds, or ask the operator to raise MaxSessionDuration of the IAM role or lower maxDuration of this one.',
      },
      {
        text: /1 hour session limit/,
        reason: 'RoleChaining',
        detail:
          'STS limits a role assumed by another session (role chaining) to one hour. Send a DurationSeconds of 3600 or less.',
      },
      {
        text: /source identity is already set/,
        reason: 'SourceIdentity',
        detail:
          "The broker's own session already has a source identity, which cannot be changed. Ask the operator to remove sourceIdentity from this role, or from the broker's session.",
      },
    ],
  },
  // Errors of the SDK itself
  CredentialsProviderError: { code: 'broker_credentials_invalid' },
  EndpointError: {
    code: 'sts_rejected_request',
    detail:
      'The broker is set up for conflicting STS endpoints: FIPS and dual-stack cannot be combined with a custom endpoint. Ask the operator to check AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ENDPOINT_URL_STS in its environment.',
  },
};

/** By STS's code, or the SDK's error name without the suffix `Exception`. */
export const STS_ERROR_MAP: ReadonlyMap<string, StsErrorMapping> = new Map(Object.entries(table));
