// Guidance for errors of AWS calls and of the server itself.
import { NEW_PROOF, NOTHING, RETRY, section, TELL_OPERATOR } from './guidance.js';

export const issuance = section({
  sts_access_denied: {
    caller: TELL_OPERATOR,
    operator:
      "Check the trust policy of the IAM role and the permissions of the server's AWS identity. Tags need `sts:TagSession`, a source identity needs `sts:SetSourceIdentity`. The log has the STS request ID, and the encoded authorization message if STS sent one.",
  },
  sts_rejected_proof: {
    caller: `${NEW_PROOF} If it is rejected too, give the request ID to the operator.`,
    operator: 'Compare the identity provider in IAM with the issuer: URL, audience, metadata, and keys.',
  },
  web_identity_rejected: {
    caller: TELL_OPERATOR,
    operator:
      "Compare the OIDC provider in IAM with `webIdentity.issuer`, the published key set with `sallyport issuer status`, and the server's clock.",
  },
  sts_rejected_request: {
    caller: TELL_OPERATOR,
    operator: 'Correct the role as `detail` says, for example its duration, tags, or source identity.',
  },
  sts_region_disabled: {
    caller: TELL_OPERATOR,
    operator:
      'Activate STS in the region in the account settings of IAM, or set another region for the role.',
  },
  policy_malformed: {
    caller: 'Correct `Policy`, if the request has one.',
    operator: 'If the policy is from the role, validate `session.policy` with IAM Access Analyzer.',
  },
  packed_policy_too_large: {
    caller: 'Send a shorter `Policy`, or fewer `PolicyArns`.',
    operator:
      'Shorten the session policy or the tags of the role. `PackedPolicySize` in responses is the percentage of the limit that a session uses.',
  },
  sts_throttled: {
    caller: RETRY,
    operator:
      'Keep the cache enabled, lengthen sessions, distribute roles over accounts, or request a higher quota from AWS.',
  },
  sts_unavailable: {
    caller: RETRY,
    operator: 'Check the network path to STS and `sallyport_sts_region_up`. Configure `aws.failoverRegions`.',
  },
  broker_credentials_invalid: {
    caller: TELL_OPERATOR,
    operator:
      "Check the server's AWS credentials: `aws.credentials`, its environment, its role, and its clock.",
  },
  broker_not_permitted: {
    caller: TELL_OPERATOR,
    operator: "Allow `sts:DecodeAuthorizationMessage` to the server's AWS identity.",
  },
  encoded_message_invalid: {
    caller: 'Send the complete message, to a server in the partition that issued it.',
    operator: NOTHING,
  },
  signin_refused: {
    caller: 'Leave out `SessionDuration`. If that does not help, give the request ID to the operator.',
    operator:
      'Check that the credentials of the role may be used for the console. The internal reason has the HTTP status.',
  },
  signin_unavailable: {
    caller: RETRY,
    operator: 'Check the network path to the federation endpoint of AWS sign-in, and `aws.signinEndpoint`.',
  },
});

export const server = section({
  audit_unavailable: {
    caller: RETRY,
    operator: 'Restore the audit sinks: free disk space, permissions, and the process that reads stdout.',
  },
  rate_limited: {
    caller: 'Wait `Retry-After` seconds. Keep credentials until shortly before they expire.',
    operator: 'Raise `limits` if the load is legitimate. Behind a proxy, set `server.trustProxy`.',
  },
  overloaded: {
    caller: RETRY,
    operator: 'Add replicas. Check whether STS is slow, or whether one client sends many SAML responses.',
  },
  internal: {
    caller: 'Give the request ID to the operator. A retry may help.',
    operator: 'Report the logged error as a bug.',
  },
});
