// The one table of refusals: code -> HTTP status, OAuth error, STS code and the sentence the caller reads.
// A caller gets code, sentence and request id; `reason` and `cause` go to the log and audit under that id.

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
    'The request body cannot be read. Send one JSON object or one form, in UTF-8.',
    'MalformedInput',
  ),
  parameter_invalid: invalidRequest(
    400,
    'A parameter is not valid. Correct it as the detail says and send the request again.',
  ),
  request_too_large: invalidRequest(413, 'The request is too large. Send at most 256 KiB.'),
  media_type_unsupported: invalidRequest(
    415,
    'This Content-Type is not accepted. Send application/json or application/x-www-form-urlencoded.',
  ),
  route_unknown: invalidRequest(404, 'There is nothing at this path. See /openapi.json for the routes.'),
  method_not_allowed: invalidRequest(
    405,
    'This path does not take this method. Use one that the Allow header names.',
  ),
  action_unknown: invalidRequest(
    400,
    'This broker answers AssumeRoleWithWebIdentity and AssumeRoleWithSAML of version 2011-06-15. Send other actions to STS itself.',
    'InvalidAction',
  ),
  grant_type_unsupported: badTokenRequest(
    'unsupported_grant_type',
    'This endpoint exchanges tokens. Send grant_type urn:ietf:params:oauth:grant-type:token-exchange.',
  ),
  client_authentication_refused: badTokenRequest(
    'invalid_client',
    'Clients are not authenticated here: the subject_token is the proof. Leave out client_secret, client_assertion and the Authorization header.',
  ),
  transport_insecure: invalidRequest(
    403,
    'Credentials are not sent over plain http. Come through the proxy that the operator has put in front.',
    'AccessDenied',
  ),
  // The proof
  proof_missing: invalidRequest(
    401,
    'No proof was sent. Send `Authorization: Bearer <JWT>`, or SAMLResponse in the body.',
    'MissingAuthenticationToken',
  ),
  proof_ambiguous: invalidRequest(
    400,
    'Two proofs were sent. Send either a JWT or a SAMLResponse, not both.',
  ),
  proof_malformed: invalidProof(
    'The proof cannot be read. Send the JWT or the base64 SAML Response exactly as the issuer gave it.',
  ),
  proof_invalid: invalidProof(
    'The proof was not accepted. Get a new one from the issuer; if it is refused again, give the operator this request id.',
  ),
  issuer_unknown: invalidProof(
    'The proof comes from an issuer this broker does not know. Get one from a configured issuer.',
  ),
  audience_mismatch: invalidProof(
    'The proof is addressed to someone else. Ask the issuer for one with the audience this broker expects.',
  ),
  proof_expired: invalidProof(
    'The proof has expired. Get a new one from the issuer.',
    'ExpiredTokenException',
  ),
  proof_not_yet_valid: invalidProof(
    'The proof is not valid yet. Check the clock of the issuer and of this machine.',
  ),
  claim_missing: invalidProof(
    'The proof lacks a claim, or carries a value, that this issuer must send. Ask the operator which.',
  ),
  proof_replayed: invalidProof('The proof has been used already, and may be used once. Get a new one.'),
  issuer_unavailable: {
    ...unavailable('The keys of the issuer cannot be fetched just now. Try again shortly.', 10),
    sts: 'IDPCommunicationError',
  },
  replay_store_unavailable: unavailable(
    'Single-use proofs cannot be checked just now, so none are accepted. Try again shortly.',
    5,
  ),
  sign_in_unknown: invalidRequest(
    404,
    'No sign-in by browser begins here. Check the name of the issuer in the URL, or ask the operator.',
  ),
  // The decision
  role_not_permitted: refused(
    403,
    'You may not have this role, or it does not exist. GET /v1/roles lists the roles you may have.',
  ),
  no_role_permitted: refused(403, 'No role is granted to you here. Ask the operator for a grant.'),
  permission_missing: refused(
    403,
    'No grant permits you to do this. Ask the operator for one, or leave out what only an operator may ask.',
  ),
  record_unknown: invalidRequest(
    404,
    'The audit log has no record of this request. Check RequestId; only files that the broker itself writes are searched.',
  ),
  role_ambiguous: refused(
    409,
    'You may have several roles. Send the request again and name one of them; a single-use proof needs a new one.',
  ),
  proof_type_mismatch: refused(
    400,
    'This role is issued through an STS operation that needs the other kind of proof. Send that one.',
  ),
  session_value_invalid: refused(
    403,
    'Your claims do not yield a valid session for this role. Ask the operator to check the claim the detail names.',
  ),
  duration_exceeds_limit: invalidRequest(400, 'The duration is above the limit of this role. Ask for less.'),
  session_too_short: refused(
    403,
    'Your sign-in ends too soon: STS issues no credentials for under 900 seconds. Sign in again.',
  ),
  policy_not_narrowing: invalidRequest(
    400,
    'The session policy of this role is fixed, so Policy and PolicyArns may not be sent. Leave them out.',
  ),
  mfa_required: invalidRequest(
    400,
    'This role needs SerialNumber and TokenCode in the request: the MFA device of the IAM user of the broker, and the code it shows.',
  ),
  mfa_rejected: invalidRequest(
    403,
    'STS did not accept the MFA code. Send SerialNumber again with a new TokenCode.',
    'AccessDenied',
  ),
  reason_required: invalidRequest(400, 'This role needs a Reason in the request: say why you need it.'),
  console_not_supported: invalidRequest(
    400,
    'The AWS console cannot be opened with this role. Use POST /v1/credentials for it, or choose another role.',
  ),
  // Issuance
  sts_access_denied: misconfigured(
    'AccessDenied',
    'STS refused to issue this role. Its trust policy, or the permissions of the broker, do not admit this session; ask the operator.',
  ),
  sts_rejected_proof: invalidProof(
    'STS did not accept the proof. The identity provider in IAM may not match the issuer; ask the operator.',
  ),
  web_identity_rejected: misconfigured(
    'InvalidIdentityToken',
    'STS did not accept the token that the broker signed about you. Ask the operator to compare the OIDC provider in IAM, the published keys and the clock with the broker.',
  ),
  sts_rejected_request: misconfigured(
    'ValidationError',
    'STS rejected the session this role asks for. Ask the operator to check the role.',
  ),
  sts_region_disabled: misconfigured(
    'RegionDisabledException',
    'STS is not activated in this region for the account of the role. Ask the operator to activate it there, or to choose another region.',
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
    ...unavailable('STS is limiting requests just now. Try again shortly.', 2),
    oauth: 'slow_down',
    sts: 'Throttling',
  },
  sts_unavailable: unavailable('STS cannot be reached just now. Try again shortly.', 5),
  broker_credentials_invalid: misconfigured(
    'InvalidClientTokenId',
    'The AWS credentials of the broker itself are missing or not valid. Ask the operator to check them.',
  ),
  broker_not_permitted: misconfigured(
    'AccessDenied',
    'STS does not let the broker itself do this. Ask the operator to allow it in the IAM policy of the broker.',
  ),
  encoded_message_invalid: invalidRequest(
    400,
    'STS cannot decode this message. Send EncodedMessage whole, as the refusal had it, to the partition it came from.',
  ),
  signin_refused: misconfigured(
    'ValidationError',
    'AWS sign-in does not accept the credentials of this role. Leave out SessionDuration if you sent it; otherwise ask the operator.',
  ),
  signin_unavailable: unavailable('AWS sign-in cannot be reached just now. Try again shortly.', 5),
  // The broker
  audit_unavailable: unavailable(
    'The audit log cannot be written, so nothing is issued. Try again shortly.',
    5,
  ),
  rate_limited: {
    status: 429,
    oauth: 'slow_down',
    sts: 'Throttling',
    text: 'There have been too many requests. Wait as long as Retry-After says, then try again.',
    retryAfter: 60,
  },
  overloaded: unavailable('The broker is at its limit. Try again shortly.', 2),
  internal: {
    status: 500,
    oauth: 'server_error',
    sts: 'InternalFailure',
    text: 'Something went wrong in the broker. Give the operator this request id.',
  },
});

export type ErrorCode = keyof typeof ERRORS;

/** A refusal or failure with a row in `ERRORS`. The only error that surfaces render. */
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
