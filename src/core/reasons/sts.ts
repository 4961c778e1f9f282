// Error codes of STS as reasons, with the variant of the message where the broker distinguishes them. Failures of the call
// itself are in aws-calls.ts.
import { reasons } from './reason-entry.js';

const CHECK_ATTRIBUTE = 'Correct the attribute mapping at the IdP.';
const CHECK_TEMPLATES = 'Look at the logged error and correct `session` of the role.';
const THROTTLED =
  'None if it is rare. Otherwise lengthen sessions, spread roles over accounts, or request a higher quota from AWS.';

export const STS_REASONS = reasons({
  // A request to the STS-compatible endpoint of the broker
  'sts.InvalidAction': {
    meaning: 'The STS-compatible endpoint does not support this action or API version.',
    action: 'Send other actions to STS directly.',
  },
  'sts.MalformedInput': {
    meaning: 'A parameter sent to the STS-compatible endpoint cannot be parsed.',
    action: 'Nothing to do: the caller corrects the request.',
  },

  // Role and trust policy
  'sts.AccessDenied': {
    meaning: 'STS denied the call.',
    action: 'Decode the authorization message if there is one, and look up the STS request id in CloudTrail.',
  },
  'sts.AccessDenied.TrustPolicy': {
    meaning: 'The role does not exist, its trust policy does not match, or the broker may not assume it.',
    action:
      'Compare Principal and Condition of the trust policy with the broker or the proof, and allow sts:AssumeRole to the broker.',
  },
  'sts.AccessDenied.TagSession': {
    meaning: 'Session tags are not permitted.',
    action: 'Allow sts:TagSession in the trust policy of the role and to the broker.',
  },
  'sts.AccessDenied.SetSourceIdentity': {
    meaning: 'A source identity is not permitted.',
    action: 'Allow sts:SetSourceIdentity in the trust policy of the role and to the broker.',
  },
  'sts.AccessDenied.ExplicitDeny': {
    meaning: 'A policy denies the call explicitly.',
    action: 'Look for a Deny in service control policies, permissions boundaries and the trust policy.',
  },
  'sts.AccessDenied.MfaSerialNumber': {
    meaning: 'STS does not know the MFA device.',
    action: 'Tell callers the ARN of an MFA device of the IAM user of the broker.',
  },
  'sts.AccessDenied.MfaTokenCode': {
    meaning: 'STS did not accept the MFA code.',
    action: 'Nothing to do: the caller sends the next code. Resynchronize the device if it happens often.',
  },
  'sts.AccessDenied.SessionCredentials': {
    meaning: 'The operation needs long-term keys of an IAM user, and the broker has temporary credentials.',
    action: 'Set `aws.credentials` to keys of an IAM user, or use AssumeRole for this role.',
  },
  'sts.AccessDenied.RootUser': {
    meaning: 'The broker has the keys of an account root user, who cannot assume roles.',
    action: 'Delete these keys and use an IAM role or user.',
  },
  'sts.RegionDisabled': {
    meaning: 'STS is not activated in this region for the account of the role.',
    action: 'Activate STS in the region in the account settings of IAM, or choose another region.',
  },

  // Session
  'sts.ValidationError': {
    meaning: 'STS, or the STS-compatible endpoint of the broker, rejects a parameter.',
    action: CHECK_TEMPLATES,
  },
  'sts.ValidationError.MaxSessionDuration': {
    meaning: 'The requested duration is above MaxSessionDuration of the IAM role.',
    action: 'Raise MaxSessionDuration of the IAM role, or lower `maxDuration` of the role in the config.',
  },
  'sts.ValidationError.RoleChaining': {
    meaning: 'A chained role was requested for more than one hour.',
    action: 'Lower `maxDuration` of the role to one hour.',
  },
  'sts.ValidationError.SourceIdentity': {
    meaning: 'The session of the broker has a source identity already, which cannot be changed.',
    action: 'Remove `sourceIdentity` from the role, or from the session of the broker.',
  },
  'sts.InvalidParameterValue': { meaning: 'STS rejects a parameter.', action: CHECK_TEMPLATES },
  'sts.InvalidParameterValue.DuplicateTags': {
    meaning: 'Two session tags differ in case only.',
    action: 'Rename one of the tags in `session.tags`.',
  },
  'sts.InvalidParameterValue.TransitiveTags': {
    meaning: 'A transitive tag is not a tag of the session, or is inherited.',
    action: 'Correct `transitiveTags` of the role.',
  },
  'sts.MalformedPolicyDocument': {
    meaning: 'STS does not accept the session policy.',
    action: 'Validate the policy with IAM Access Analyzer; correct `session.policy` if it is from the role.',
  },
  'sts.PackedPolicyTooLarge': {
    meaning: 'Session policy and tags are too large together.',
    action: 'Shorten the session policy or the tags of the role.',
  },
  'sts.PackedPolicyTooLarge.Percentage': {
    meaning: 'Session policy and tags are too large together; the detail has the percentage.',
    action: 'Shorten the session policy or the tags of the role.',
  },

  // Proof
  'sts.ExpiredTokenException': {
    meaning: 'The proof has expired for STS.',
    action: 'Nothing to do if it is rare: the caller gets a new proof.',
  },
  'sts.ExpiredTokenException.NotRedeemed': {
    meaning: 'STS accepts an assertion for five minutes after it was issued.',
    action: 'Have the caller send the assertion immediately.',
  },
  'sts.ExpiredTokenException.TooOld': {
    meaning: 'STS finds that the token was issued too long ago.',
    action: 'Have the caller get a token for each request, or use `webIdentity: broker`.',
  },
  'sts.IDPCommunicationError': {
    meaning: 'STS cannot reach the issuer to fetch its keys.',
    action: 'Make the discovery document and the JWK Set public, or use `webIdentity: broker`.',
  },
  'sts.IDPRejectedClaim': {
    meaning: 'The issuer reported to STS that the proof is not valid, for example because it was revoked.',
    action: 'Look into the log of the issuer.',
  },
  'sts.InvalidIdentityToken': {
    meaning: 'STS does not accept the proof.',
    action: 'Compare the identity provider in IAM with the issuer.',
  },
  'sts.InvalidIdentityToken.NoProvider': {
    meaning: 'IAM has no identity provider for the issuer in the account of the role.',
    action: 'Create the identity provider in IAM.',
  },
  'sts.InvalidIdentityToken.Audience': {
    meaning: 'The identity provider in IAM does not list the audience of the token.',
    action: 'Add the audience to the identity provider in IAM.',
  },
  'sts.InvalidIdentityToken.Keys': {
    meaning: 'STS cannot fetch the keys of the issuer.',
    action: 'Make the JWK Set public, or use `webIdentity: broker`.',
  },
  'sts.InvalidIdentityToken.Thumbprint': {
    meaning: 'The TLS certificate of the issuer does not match the thumbprint in IAM.',
    action: 'Update the thumbprint of the identity provider in IAM.',
  },
  'sts.InvalidIdentityToken.NotJwt': {
    meaning: 'STS cannot read the token as a JWT.',
    action: 'Have the caller send the ID token, not an access token.',
  },
  'sts.InvalidIdentityToken.Claim': {
    meaning: 'The token lacks a claim that STS needs, such as aud, sub or exp.',
    action: 'Have the issuer add the claim.',
  },
  'sts.InvalidIdentityToken.RoleSessionName': {
    meaning: 'The assertion has no RoleSessionName attribute that STS accepts.',
    action: CHECK_ATTRIBUTE,
  },
  'sts.InvalidIdentityToken.SourceIdentity': {
    meaning: 'The SourceIdentity attribute of the assertion is not one that STS accepts.',
    action: CHECK_ATTRIBUTE,
  },
  'sts.InvalidIdentityToken.Signature': {
    meaning: 'The metadata in IAM does not have the key that signed the assertion.',
    action: 'Upload the current metadata of the IdP to IAM.',
  },
  'sts.InvalidIdentityToken.Issuer': {
    meaning: 'The issuer of the assertion is not the one in the metadata in IAM.',
    action: 'Correct `principalArn` of the role, or the metadata in IAM.',
  },

  // Credentials of the broker
  'sts.ExpiredToken': {
    meaning: 'The AWS session of the broker itself has expired.',
    action: 'Check what renews the credentials of the broker.',
  },
  'sts.InvalidClientTokenId': {
    meaning: 'STS does not know the access key of the broker.',
    action: 'Check that the key is active and belongs to the partition of the region.',
  },
  'sts.MissingAuthenticationToken': {
    meaning: 'The broker sent a call without a signature.',
    action: 'Check `aws.credentials` and the environment of the broker.',
  },
  'sts.SignatureDoesNotMatch': {
    meaning: 'The secret access key of the broker does not match its access key.',
    action: 'Correct the keys of the broker.',
  },
  'sts.SignatureDoesNotMatch.ClockSkew': {
    meaning: 'The clock of the broker is more than five minutes off.',
    action: 'Synchronize the clock of the broker.',
  },
  'sts.SignatureDoesNotMatch.Scope': {
    meaning: 'The STS endpoint belongs to another region than the broker signs for.',
    action: 'Correct the endpoint in the config.',
  },
  'sts.CredentialsProviderError': {
    meaning: 'The AWS SDK found no credentials for the broker.',
    action: 'Set `aws.credentials`, or give the broker an instance, task or pod identity.',
  },
  'sts.EndpointError': {
    meaning: 'The settings for the STS endpoint exclude each other.',
    action:
      'Look for AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ENDPOINT_URL_STS in the environment.',
  },

  // Throttling and decoding
  'sts.Throttling': { meaning: 'STS throttles the account.', action: THROTTLED },
  'sts.TooManyRequests': { meaning: 'STS throttles the account.', action: THROTTLED },
  'sts.RequestLimitExceeded': { meaning: 'STS throttles the account.', action: THROTTLED },
  'sts.InvalidAuthorizationMessage': {
    meaning: 'STS cannot decode the authorization message.',
    action: 'Nothing to do: the caller sends the whole message to the partition it came from.',
  },
});

/** Reasons that end in a value of AWS: the key shows the form, and `ReasonPattern` types it. */
export const REASON_PATTERNS = reasons({
  'sts.<code>': {
    meaning: 'STS, or the AWS SDK, reported this error code. Codes may end in `Exception`.',
    action: 'Look up the code in the STS API reference, and the STS request id in CloudTrail.',
  },
  'signin.status_<status>': {
    meaning: 'AWS sign-in responded with this HTTP status.',
    action:
      'With 400, check that the credentials of the role can open the console. With 5xx, wait; see the AWS Health Dashboard.',
  },
});

/** An error code of STS or of the AWS SDK; all begin with a capital letter. */
export type StsErrorCode = Capitalize<string>;

export type ReasonPattern = `sts.${StsErrorCode}` | `signin.status_${number}`;
