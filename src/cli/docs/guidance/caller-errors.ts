// Guidance for errors of the request, the proof, and the decision.
import { CORRECT, NEW_PROOF, NOTHING, RETRY, section } from './guidance.js';

export const request = section({
  request_malformed: { caller: CORRECT, operator: NOTHING },
  parameter_invalid: {
    caller: CORRECT,
    operator:
      'Nothing to do in most cases. If the SDK sends the parameter by itself, compare the role with it, for example the requested duration.',
  },
  request_too_large: {
    caller: 'Send a smaller body. The limit is the same for every route.',
    operator: 'If the proof is large, reduce the claims that the issuer sends.',
  },
  media_type_unsupported: {
    caller:
      'Set `Content-Type` to `application/json` or `application/x-www-form-urlencoded`. The token endpoint takes forms only.',
    operator: NOTHING,
  },
  route_unknown: {
    caller: 'Check the path. A role in the path must be percent-encoded.',
    operator: 'Check that the proxy in front does not change paths.',
  },
  method_not_allowed: { caller: 'Use a method that the `Allow` header lists.', operator: NOTHING },
  action_unknown: {
    caller:
      'Send this action to AWS STS. Unset `AWS_ENDPOINT_URL_STS` for programs that need other actions, such as GetCallerIdentity.',
    operator: NOTHING,
  },
  grant_type_unsupported: {
    caller: 'Configure the OAuth client for token exchange (RFC 8693).',
    operator: NOTHING,
  },
  client_authentication_refused: {
    caller: 'Configure the OAuth client for no client authentication (`none`).',
    operator: NOTHING,
  },
  transport_insecure: {
    caller: 'Use the https URL of the server.',
    operator:
      'Configure `server.tls`, or add the address of the proxy that terminates TLS to `server.trustProxy`.',
  },
});

export const proof = section({
  proof_missing: {
    caller: 'Send a JWT in `Authorization: Bearer`, or a SAML response in `SAMLResponse`.',
    operator: 'Check that the proxy in front forwards the `Authorization` header.',
  },
  proof_ambiguous: { caller: 'Send one proof: either the JWT or the SAML response.', operator: NOTHING },
  proof_malformed: {
    caller:
      'Send the proof unchanged, as the issuer returned it. Check for truncation, line breaks, and double encoding.',
    operator:
      'Look up the [internal reason](#internal-reasons). A reason about the content of the proof is for the issuer to correct.',
  },
  proof_invalid: {
    caller: `${NEW_PROOF} If it is rejected too, give the request ID to the operator.`,
    operator:
      'Look up the [internal reason](#internal-reasons). An invalid signature often means that the issuer rotated its keys; it can also be an attack.',
  },
  issuer_unknown: {
    caller: 'Get a proof from an issuer that this server accepts.',
    operator: 'Compare the issuer in the proof with `issuers`, character by character.',
  },
  audience_mismatch: {
    caller: 'Request the proof for the audience of this server.',
    operator:
      'Tell callers the audience, or correct `audience` of the issuer. A SAML assertion that is addressed to AWS sign-in needs an issuer without `audience: sallyport`.',
  },
  proof_expired: {
    caller: NEW_PROOF,
    operator: 'If new proofs are rejected too, compare the clocks of the issuer and the server.',
  },
  proof_not_yet_valid: {
    caller:
      'Retry in a few seconds. If that fails too, check the clock of the machine that issues the proof.',
    operator: 'Synchronize the clocks of the issuer and the server.',
  },
  claim_missing: {
    caller: 'Ask the operator which claim the issuer must send.',
    operator: 'Have the issuer send the claim. `require` of the issuer and its preset list required claims.',
  },
  proof_replayed: {
    caller:
      'Get a new proof for each request. If the response has `Retry-After`, wait that long before you get it.',
    operator:
      'After a restart with the in-memory store, proofs that were issued before it are rejected: configure a shared `store`. Otherwise a client sends proofs twice, or a proof was stolen.',
  },
  issuer_unavailable: {
    caller: RETRY,
    operator:
      'Run `sallyport doctor`. Check the network path to the issuer, and its metadata or key set. If STS reports it, STS cannot reach the issuer.',
  },
  replay_store_unavailable: {
    caller: 'Retry after `Retry-After` seconds. A JWT of an issuer without `replay: once` is still accepted.',
    operator: 'Check Redis or Valkey: the connection, and that `maxmemory-policy` is `noeviction`.',
  },
  sign_in_unknown: {
    caller: 'Check the name of the issuer in the URL `/login/NAME`.',
    operator:
      'Sign-in with a browser needs a SAML issuer with `audience: sallyport`, whose metadata has a single sign-on endpoint.',
  },
});

export const decision = section({
  role_not_permitted: {
    caller:
      'Check the name of the role with `GET /v1/roles`. If it is missing there, ask the operator for a grant.',
    operator: 'Run `sallyport explain` with the claims of the caller and the role.',
  },
  no_role_permitted: {
    caller: 'Ask the operator for a grant.',
    operator: 'Run `sallyport explain` with the claims of the caller.',
  },
  permission_missing: {
    caller: 'Ask the operator for the permission.',
    operator: 'Add `permissions` to a grant of the caller, if the caller is to have it.',
  },
  record_unknown: {
    caller: 'Check the request ID. Another replica may have written the record to its own file.',
    operator:
      'Only audit files of this replica are searched. Use `sallyport explain --audit FILE` for others.',
  },
  role_ambiguous: {
    caller: 'Send the request again with one of `Roles`. Replace a single-use proof first.',
    operator: 'Nothing to do, unless the caller should be permitted one role only.',
  },
  proof_type_mismatch: {
    caller: 'Send a JWT for AssumeRoleWithWebIdentity, or a SAML assertion for AssumeRoleWithSAML.',
    operator: 'Use `webIdentity: broker` or another operation if both types of proof should work.',
  },
  session_value_invalid: {
    caller: 'Give the request ID to the operator.',
    operator:
      'Correct the claim at the issuer, or the template in `session` of the role. The [internal reason](#internal-reasons) says what is wrong with the value.',
  },
  duration_exceeds_limit: {
    caller: 'Request at most `MaxDurationSeconds`.',
    operator:
      'Raise `maxDuration` of the role if the caller needs more, and MaxSessionDuration of the IAM role.',
  },
  session_too_short: {
    caller: 'Sign in again, and send the new proof immediately.',
    operator: 'Lengthen the session at the IdP, or reconsider `endWithProof` of the role.',
  },
  policy_not_narrowing: {
    caller: 'Leave out `Policy` and `PolicyArns`.',
    operator: 'Nothing to do: the role has its own session policy.',
  },
  mfa_required: {
    caller: "Send `SerialNumber` and `TokenCode` of the MFA device of the server's IAM user.",
    operator: 'Tell callers the ARN of the device, or change `mfa` of the role.',
  },
  mfa_rejected: {
    caller: 'Wait for the next code and send it once.',
    operator: 'Check the ARN of the device. Resynchronize the device if correct codes are rejected.',
  },
  reason_required: { caller: 'Send `Reason`.', operator: NOTHING },
  console_not_supported: {
    caller: 'Choose a role of another operation. The console does not accept credentials of GetSessionToken.',
    operator: 'Set `aws.signinEndpoint` if the partition has a federation endpoint that is not known.',
  },
});
