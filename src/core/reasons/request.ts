// Reasons that concern the request: its form, its parameters, the requested session, limits and replays.
import { reasons } from './reason-entry.js';

const FIX_REQUEST = 'Nothing to do: the caller corrects the request as the detail says.';
const CORRECT_CLAIM =
  'Correct the claim at the issuer, or change the template in `session` of the role, for example with a function or a default.';

const OMITTED_CLAIMS_ACTION =
  'At the identity provider, send only the groups that matter: in Microsoft Entra ID, choose "Groups assigned to the application" in the groups claim, or use app roles.';

export const REQUEST_REASONS = reasons({
  // Form of the request
  'request.http': {
    meaning: 'The bytes received are not an HTTP/1.1 request.',
    action: 'Check that clients use http or https as the listener does; scanners cause it as well.',
  },
  'request.url': { meaning: 'The path of the request cannot be decoded.', action: FIX_REQUEST },
  'request.encoding': {
    meaning: 'The body or query is not UTF-8, or is not percent-encoded.',
    action: FIX_REQUEST,
  },
  'request.syntax': { meaning: 'The body is not JSON.', action: FIX_REQUEST },
  'request.too_deep': { meaning: 'The JSON of the body is nested too deeply.', action: FIX_REQUEST },
  'request.duplicate_key': {
    meaning: 'The body has a name or form field twice.',
    action: FIX_REQUEST,
  },
  'request.forbidden_key': {
    meaning: 'The JSON of the body has a name such as `__proto__`.',
    action: 'Treat it as an attack if it repeats.',
  },
  'request.lone_surrogate': {
    meaning: 'The JSON of the body has half of a surrogate pair.',
    action: FIX_REQUEST,
  },
  'request.number_out_of_range': {
    meaning: 'The JSON of the body has a number that a double cannot hold.',
    action: FIX_REQUEST,
  },

  // Parameters
  'parameter.schema': {
    meaning: 'A field of the request is unknown, missing or not of the right type.',
    action: FIX_REQUEST,
  },
  'parameter.actor_token': {
    meaning: 'The token request has `actor_token`; delegation is not supported.',
    action: FIX_REQUEST,
  },
  'parameter.destination': {
    meaning: 'Destination is not an https URL of the AWS console in the partition of the role.',
    action: FIX_REQUEST,
  },
  'parameter.issuer': {
    meaning: 'Principal.Issuer is not the name of a configured issuer.',
    action: FIX_REQUEST,
  },
  'parameter.mfa': {
    meaning:
      'Only one of SerialNumber and TokenCode was sent, or the operation of the role takes no MFA code.',
    action: FIX_REQUEST,
  },
  'parameter.policy': {
    meaning: 'Policy is not a JSON object, or is too long together with PolicyArns.',
    action: FIX_REQUEST,
  },
  'parameter.policy_arns': {
    meaning: 'An ARN in PolicyArns belongs to another partition than the role.',
    action: FIX_REQUEST,
  },
  'parameter.role': {
    meaning: 'The policy has too many grants to explain every role in one request.',
    action: 'Name one role in the request.',
  },
  'parameter.role_session_name': {
    meaning: 'RoleSessionName is missing, not allowed for this role, or not accepted by STS.',
    action: FIX_REQUEST,
  },
  'parameter.session_duration': {
    meaning: 'AWS does not accept SessionDuration for the console session of this role.',
    action: FIX_REQUEST,
  },
  'oauth.several_roles': {
    meaning: '`resource`, `audience` and `scope` of the token request name different roles.',
    action: FIX_REQUEST,
  },
  'sign_in.size': {
    meaning: 'The parameters of the sign-in do not fit into a cookie.',
    action: 'Shorten the links that start the sign-in, or set the session policy in the role.',
  },
  'console.session_token': {
    meaning:
      'A console URL was requested for a role with GetSessionToken, which AWS sign-in does not accept.',
    action: 'Use AssumeRole or GetFederationToken for roles that open the console.',
  },
  'console.partition': {
    meaning: 'The partition of the region has no console sign-in that the broker knows.',
    action: 'Set `aws.signinEndpoint` if the partition has one.',
  },
  'console.no_signin': {
    meaning: 'The exchange returned no sign-in URL for a console request.',
    action: 'Report it as a bug.',
  },

  // Session
  'session.claim_missing': {
    meaning: 'A claim that a template of the role needs is missing.',
    action: CORRECT_CLAIM,
  },
  'grants.claims_omitted': {
    meaning:
      'The proof says that it leaves out claims (`_claim_names`, `hasgroups` or `groups.link`) that grants for the role depend on. `grantsWithOmittedClaims` in the log names them.',
    action: OMITTED_CLAIMS_ACTION,
  },
  'session.claim_omitted': {
    meaning: 'The proof says that it leaves out a claim that a template of the role needs.',
    action: OMITTED_CLAIMS_ACTION,
  },
  'session.claim_multiple': {
    meaning: 'A claim that a template of the role needs has several values.',
    action: CORRECT_CLAIM,
  },
  'session.claim_structured': {
    meaning: 'A claim that a template of the role needs is an object.',
    action: CORRECT_CLAIM,
  },
  'session.claim_empty': {
    meaning: 'A claim that a template of the role needs is empty.',
    action: CORRECT_CLAIM,
  },
  'session.RoleSessionName': {
    meaning: 'The claims yield a RoleSessionName that STS does not accept.',
    action: CORRECT_CLAIM,
  },
  'session.Name': {
    meaning: 'The claims yield a name of the federated user that STS does not accept.',
    action: CORRECT_CLAIM,
  },
  'session.SourceIdentity': {
    meaning: 'The claims yield a SourceIdentity that STS does not accept.',
    action: CORRECT_CLAIM,
  },
  'session.tag_key': {
    meaning: 'A session tag has a key that STS does not accept.',
    action: 'Rename the tag in `session.tags` of the role.',
  },
  'session.tag_value': {
    meaning: 'The claims yield a session tag value that STS does not accept.',
    action: CORRECT_CLAIM,
  },
  'session.Policy': {
    meaning: 'The claims yield a session policy that STS does not accept or that is too long.',
    action: CORRECT_CLAIM,
  },
  'session.policy_wildcard': {
    meaning: 'A claim with `*`, `?` or `$` would go into the session policy and could widen it.',
    action: 'Correct the claim at the issuer; treat it as an attack if the caller can choose its value.',
  },
  'session.web_identity_token': {
    meaning: 'The session tags make the token of the broker longer than the 20,000 characters STS accepts.',
    action: 'Use fewer or shorter session tags in the role.',
  },

  // Limits and replay
  'limit.address': {
    meaning: 'More requests came from this address than `limits.perAddress` allows.',
    action:
      'Raise `limits.perAddress` if many callers share the address, or set `server.trustProxy` behind a proxy.',
  },
  'limit.principal': {
    meaning: 'This principal sent more requests than `limits.perPrincipal` allows.',
    action: 'Have the caller cache credentials until they expire, or raise `limits.perPrincipal`.',
  },
  'replay.before_start': {
    meaning: 'The proof was issued before the broker started to record which proofs were used.',
    action: 'Nothing to do: it follows a restart with the in-memory store. Set `store` to avoid it.',
  },
  'replay.issued_ahead': {
    meaning: 'The proof was issued more than two seconds ahead of the clock of the broker.',
    action:
      'Synchronize the clock of the issuer, or set `store` so that replay protection survives a restart.',
  },
  'web_identity.no_keys': {
    meaning: 'A role with `webIdentity: broker` was requested, but the broker has no signing keys.',
    action: 'Report it as a bug: the config is checked for this.',
  },
});
