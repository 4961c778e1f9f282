// The error table: code -> HTTP status, OAuth error, STS code and public text. The caller gets code, text and request
// id. Log and audit log have `reason` and `cause` under that id.

import {
  badTokenRequest,
  type ErrorEntry,
  type ErrorOptions,
  invalidProof,
  invalidRequest,
  misconfigured,
  refused,
  table,
  unavailable,
} from './error-entry.js';
import type { Reason } from './reasons.js';
import type { StsFailure } from './types.js';

export const ERRORS = table({
  // The request
  request_malformed: invalidRequest(
    400,
    'The request body cannot be parsed. Send one JSON object or one form, encoded in UTF-8.',
    'MalformedInput',
  ),
  parameter_invalid: invalidRequest(400, 'A parameter is not valid. Correct it and send the request again.'),
  request_too_large: invalidRequest(413, 'The request is too large. Send at most 256 KiB.'),
  media_type_unsupported: invalidRequest(
    415,
    'This Content-Type is not supported. Send application/json or application/x-www-form-urlencoded.',
  ),
  route_unknown: invalidRequest(404, 'This path does not exist. See /openapi.json for the routes.'),
  method_not_allowed: invalidRequest(405, 'This path does not support this method. See the Allow header.'),
  action_unknown: invalidRequest(
    400,
    'Only the actions AssumeRoleWithWebIdentity and AssumeRoleWithSAML of version 2011-06-15 are supported. Send other actions to AWS STS.',
    'InvalidAction',
  ),
  grant_type_unsupported: badTokenRequest(
    'unsupported_grant_type',
    'Only token exchange is supported. Send grant_type urn:ietf:params:oauth:grant-type:token-exchange.',
  ),
  client_authentication_refused: badTokenRequest(
    'invalid_client',
    'Client authentication is not supported: the subject_token is the proof. Leave out client_secret, client_assertion and the Authorization header.',
  ),
  transport_insecure: invalidRequest(
    403,
    'Credentials are not sent over plain HTTP. Use HTTPS, through the proxy in front of the broker.',
    'AccessDenied',
  ),
  // The proof
  proof_missing: invalidRequest(
    401,
    'The request has no proof. Send `Authorization: Bearer <JWT>`, or SAMLResponse in the body.',
    'MissingAuthenticationToken',
  ),
  proof_ambiguous: invalidRequest(
    400,
    'The request has two proofs. Send either a JWT or a SAMLResponse, not both.',
  ),
  proof_malformed: invalidProof(
    'The proof cannot be parsed. Send the JWT or the base64 SAML Response exactly as the issuer returned it.',
  ),
  proof_invalid: invalidProof(
    'The proof is not valid. Get a new one from the issuer; if it is refused again, give the operator this request id.',
  ),
  issuer_unknown: invalidProof(
    'The issuer of the proof is not configured. Get a proof from a configured issuer.',
  ),
  audience_mismatch: invalidProof(
    'The audience of the proof is not this broker. Ask the issuer for a proof with the audience that this broker expects.',
  ),
  proof_expired: invalidProof(
    'The proof has expired. Get a new one from the issuer.',
    'ExpiredTokenException',
  ),
  proof_not_yet_valid: invalidProof(
    'The proof is not valid yet. Check the clock of the issuer and of this machine.',
  ),
  claim_missing: invalidProof(
    'The proof lacks a required claim, or a claim has a value that is not accepted. Ask the operator which.',
  ),
  proof_replayed: invalidProof('The proof is valid for one use and has been used. Get a new one.'),
  issuer_unavailable: {
    ...unavailable('The keys of the issuer are currently unavailable. Try again shortly.', 10),
    sts: 'IDPCommunicationError',
  },
  replay_store_unavailable: unavailable(
    'Single-use proofs cannot be checked at the moment, so they are refused. Try again shortly.',
    5,
  ),
  sign_in_unknown: invalidRequest(
    404,
    'This issuer has no browser sign-in. Check the name of the issuer in the URL, or ask the operator.',
  ),
  // The decision
  role_not_permitted: refused(
    403,
    'The role does not exist, or you are not permitted to use it. GET /v1/roles lists the roles that you may use.',
  ),
  no_role_permitted: refused(403, 'No grant permits you to use a role. Ask the operator for a grant.'),
  permission_missing: refused(
    403,
    'No grant includes this permission. Request it from the operator, or omit the parameters that only operators may use.',
  ),
  record_unknown: invalidRequest(
    404,
    'The audit log has no record of this request. Check RequestId; only files that the broker itself writes are searched.',
  ),
  role_ambiguous: refused(
    409,
    'You may use several roles. Name one of them in a new request; if the proof is single-use, get a new one.',
  ),
  proof_type_mismatch: refused(
    400,
    'The STS operation of this role needs the other type of proof. Send that one.',
  ),
  session_value_invalid: refused(
    403,
    'Your claims do not yield a valid session for this role. Ask the operator to check the claim that the detail names.',
  ),
  duration_exceeds_limit: invalidRequest(
    400,
    'The duration exceeds the limit of the role. Request a shorter one.',
  ),
  session_too_short: refused(
    403,
    'Your sign-in expires too soon: STS issues credentials for at least 900 seconds. Sign in again.',
  ),
  policy_not_narrowing: invalidRequest(
    400,
    'The session policy of this role is fixed. Leave out Policy and PolicyArns.',
  ),
  mfa_required: invalidRequest(
    400,
    'This role requires MFA. Send SerialNumber and TokenCode: the MFA device of the IAM user of the broker, and the code that it shows.',
  ),
  mfa_rejected: invalidRequest(
    403,
    'STS did not accept the MFA code. Send SerialNumber again with a new TokenCode.',
    'AccessDenied',
  ),
  reason_required: invalidRequest(
    400,
    'This role requires a Reason in the request. Say why you need the role.',
  ),
  console_not_supported: invalidRequest(
    400,
    'This role does not support AWS console sign-in. Use POST /v1/credentials for it, or choose another role.',
  ),
  // Issuance
  sts_access_denied: misconfigured(
    'AccessDenied',
    'STS refused to issue this role. Ask the operator to check its trust policy and the permissions of the broker.',
  ),
  sts_rejected_proof: invalidProof(
    'STS did not accept the proof. Ask the operator to compare the identity provider in IAM with the issuer.',
  ),
  web_identity_rejected: misconfigured(
    'InvalidIdentityToken',
    'STS did not accept the token that the broker signed for you. Ask the operator to check the OIDC provider in IAM, the published keys and the clock of the broker.',
  ),
  sts_rejected_request: misconfigured(
    'ValidationError',
    'STS rejected the session parameters of this role. Ask the operator to check the role.',
  ),
  sts_region_disabled: misconfigured(
    'RegionDisabledException',
    'STS is not activated in this region for the account of the role. Ask the operator to activate it, or to configure another region.',
  ),
  policy_malformed: invalidRequest(
    400,
    'STS does not accept the session policy. Correct Policy if you sent one; otherwise ask the operator.',
    'MalformedPolicyDocument',
  ),
  packed_policy_too_large: invalidRequest(
    400,
    'The session policy and tags together are too large for STS. Send a shorter Policy.',
    'PackedPolicyTooLarge',
  ),
  sts_throttled: {
    ...unavailable('STS is throttling requests. Try again shortly.', 2),
    oauth: 'slow_down',
    sts: 'Throttling',
  },
  sts_unavailable: unavailable('STS is currently unavailable. Try again shortly.', 5),
  broker_credentials_invalid: misconfigured(
    'InvalidClientTokenId',
    'The AWS credentials of the broker itself are missing or not valid. Ask the operator to check them.',
  ),
  broker_not_permitted: misconfigured(
    'AccessDenied',
    'The broker has no permission for this STS operation. Ask the operator to allow it in the IAM policy of the broker.',
  ),
  encoded_message_invalid: invalidRequest(
    400,
    'STS cannot decode this message. Send the complete EncodedMessage of the error, to the partition that it came from.',
  ),
  signin_refused: misconfigured(
    'ValidationError',
    'AWS sign-in did not accept the credentials of this role. Leave out SessionDuration if you sent it; otherwise ask the operator.',
  ),
  signin_unavailable: unavailable('AWS sign-in is currently unavailable. Try again shortly.', 5),
  // The broker
  audit_unavailable: unavailable(
    'The audit log cannot be written, so nothing is issued. Try again shortly.',
    5,
  ),
  rate_limited: {
    status: 429,
    oauth: 'slow_down',
    sts: 'Throttling',
    text: 'Too many requests. Wait for the time in Retry-After, then try again.',
    retryAfter: 60,
  },
  overloaded: unavailable('The broker is overloaded. Try again shortly.', 2),
  internal: {
    status: 500,
    oauth: 'server_error',
    sts: 'InternalFailure',
    text: 'An internal error occurred. Give the operator this request id.',
  },
});

export type ErrorCode = keyof typeof ERRORS;

/** An error with an entry in `ERRORS`. The HTTP routes render no other. */
export class SallyportError extends Error {
  override readonly name = 'SallyportError';
  readonly code: ErrorCode;
  readonly reason: Reason | ErrorCode;
  readonly detail: string;
  readonly members: Readonly<Record<string, unknown>>;
  /** Seconds for `Retry-After`, where trying again later can help. */
  readonly retryAfter: number | undefined;
  readonly sts: StsFailure | undefined;

  constructor(code: ErrorCode, options: ErrorOptions<ErrorCode> = {}) {
    super(options.detail ?? ERRORS[code].text, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.reason = options.reason ?? code;
    this.detail = this.message;
    this.members = options.members ?? {};
    this.sts = options.sts;
    const entry: ErrorEntry = ERRORS[code];
    this.retryAfter = options.retryAfter ?? entry.retryAfter;
  }
}
