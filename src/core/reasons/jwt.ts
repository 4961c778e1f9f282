// Reasons of OIDC token verification. Those of fetching the keys of an issuer are in oidc-keys.ts.
import { reasons } from './reason-entry.js';

const SEND_WHOLE_TOKEN =
  'Ask the caller to send the token exactly as the issuer gave it; proxies and shells that cut or re-encode it are the usual cause.';
const REPORT_TO_ISSUER =
  'Ask the operator of the issuer why it signs such tokens; no setting of the broker accepts them.';
const POSSIBLE_FORGERY =
  'Treat repeated occurrences as an attack and look at the source address in the audit log.';

export const JWT_REASONS = reasons({
  // Form of the token
  'jwt.too_long': {
    meaning: 'The token is longer than 20,000 characters, the most that STS accepts.',
    action: 'Reduce the claims that the issuer puts into the token, for example groups.',
  },
  'jwt.encrypted': {
    meaning: 'The token is encrypted (JWE, five parts).',
    action: 'Turn off token encryption for this client at the issuer.',
  },
  'jwt.parts': {
    meaning: 'The token does not have the three parts of a compact JWS.',
    action: 'Make sure that the caller sends a JWT and not an opaque access token, and sends all of it.',
  },
  'jwt.header.base64url': {
    meaning: 'The header is not canonical base64url.',
    action: SEND_WHOLE_TOKEN,
  },
  'jwt.header.utf8': { meaning: 'The header is not UTF-8.', action: SEND_WHOLE_TOKEN },
  'jwt.header.syntax': { meaning: 'The header is not JSON.', action: SEND_WHOLE_TOKEN },
  'jwt.header.not_object': { meaning: 'The header is not a JSON object.', action: SEND_WHOLE_TOKEN },
  'jwt.header.too_deep': {
    meaning: 'The JSON of the header is nested too deeply.',
    action: POSSIBLE_FORGERY,
  },
  'jwt.header.duplicate_key': {
    meaning: 'The JSON of the header has a name twice in one object.',
    action: POSSIBLE_FORGERY,
  },
  'jwt.header.forbidden_key': {
    meaning: 'The JSON of the header has a name such as `__proto__`.',
    action: POSSIBLE_FORGERY,
  },
  'jwt.header.lone_surrogate': {
    meaning: 'The JSON of the header has half of a surrogate pair.',
    action: POSSIBLE_FORGERY,
  },
  'jwt.header.number_out_of_range': {
    meaning: 'The JSON of the header has a number that a double cannot hold.',
    action: POSSIBLE_FORGERY,
  },
  'jwt.payload.base64url': {
    meaning: 'The payload is not canonical base64url.',
    action: SEND_WHOLE_TOKEN,
  },
  'jwt.payload.utf8': { meaning: 'The payload is not UTF-8.', action: SEND_WHOLE_TOKEN },
  'jwt.payload.syntax': { meaning: 'The payload is not JSON.', action: SEND_WHOLE_TOKEN },
  'jwt.payload.not_object': { meaning: 'The payload is not a JSON object.', action: SEND_WHOLE_TOKEN },
  'jwt.payload.too_deep': {
    meaning: 'The JSON of the payload is nested more than 32 levels deep.',
    action: 'Flatten the claims at the issuer.',
  },
  'jwt.payload.duplicate_key': {
    meaning: 'The JSON of the payload has a name twice in one object.',
    action: 'Look at the claim mappers of the issuer for two that write the same claim.',
  },
  'jwt.payload.forbidden_key': {
    meaning: 'The JSON of the payload has a name such as `__proto__`.',
    action: POSSIBLE_FORGERY,
  },
  'jwt.payload.lone_surrogate': {
    meaning: 'The JSON of the payload has half of a surrogate pair.',
    action: 'Correct the attribute with broken text in the directory behind the issuer.',
  },
  'jwt.payload.number_out_of_range': {
    meaning: 'The JSON of the payload has a number that a double cannot hold.',
    action: 'Have the issuer send this claim as a string.',
  },
  'jwt.signature.base64url': {
    meaning: 'The signature is not canonical base64url.',
    action: SEND_WHOLE_TOKEN,
  },

  // Header
  'jwt.alg.missing': { meaning: 'The header has no `alg`.', action: REPORT_TO_ISSUER },
  'jwt.alg.refused': {
    meaning: 'The issuer signed with an algorithm that is not in its `algorithms`.',
    action: 'Add the algorithm to `algorithms` of the issuer if the issuer may use it.',
  },
  'jwt.crit.refused': {
    meaning: 'The header has `crit`: the token needs an extension that the broker does not support.',
    action: REPORT_TO_ISSUER,
  },
  'jwt.b64.refused': {
    meaning: 'The header has `b64` (unencoded payload, RFC 7797), which is not supported.',
    action: REPORT_TO_ISSUER,
  },
  'jwt.kid.type': {
    meaning: '`kid` is not a string, or has more than 512 characters.',
    action: REPORT_TO_ISSUER,
  },
  'jwt.kid.unknown': {
    meaning: 'The issuer publishes no key that fits the `kid` and `alg` of the token.',
    action:
      'Check that `issuer` and `jwksUri` belong to the environment that signed the token, and that the issuer publishes its new key before it signs with it.',
  },
  'jwt.typ.type': { meaning: '`typ` is not a string.', action: REPORT_TO_ISSUER },
  'jwt.typ.refused': {
    meaning: 'The header `typ` is not in `typ` of the issuer, or marks a logout token.',
    action: 'Set `typ` of the issuer if it signs for example `at+jwt`.',
  },
  'jwt.signature.invalid': {
    meaning: 'No key of the issuer with this `kid` made the signature.',
    action:
      'Check that the caller sent the token unchanged and that `jwksUri` has the keys of this issuer. Treat repeated occurrences as an attack.',
  },

  // Issuer and audience
  'jwt.iss.missing': { meaning: 'The token has no `iss`.', action: REPORT_TO_ISSUER },
  'jwt.iss.type': { meaning: '`iss` is not a string.', action: REPORT_TO_ISSUER },
  'jwt.iss.unknown': {
    meaning: 'No configured issuer has exactly this `iss`.',
    action:
      'Compare `iss` of the token with `issuer` in the config character by character; a slash at the end counts.',
  },
  'jwt.aud.missing': {
    meaning: 'The token has no `aud`.',
    action:
      'Have the issuer add the audience of the broker. Many access tokens have none; the caller can send the ID token.',
  },
  'jwt.aud.type': {
    meaning: '`aud` is neither a string nor a list of strings.',
    action: REPORT_TO_ISSUER,
  },
  'jwt.aud.mismatch': {
    meaning: 'No configured entry of this issuer has one of the audiences of the token.',
    action: 'Have the caller request the audience in the config, or correct `audience` of the issuer.',
  },
  'jwt.aud.ambiguous': {
    meaning: 'The audiences of the token fit several entries with the same issuer URL.',
    action: 'Have the caller request a token for one audience only.',
  },
  'jwt.aud.foreign': {
    meaning: 'The token is also addressed to others and does not name in `azp` a party that is accepted.',
    action: 'Have the caller request a token for this broker alone.',
  },
  'jwt.azp.type': { meaning: '`azp` is not a string.', action: REPORT_TO_ISSUER },
  'jwt.azp.refused': {
    meaning: 'The token was issued to a client (`azp`) that is not in `authorizedParties`.',
    action: 'Add the client to `authorizedParties` of the issuer if it may use the broker.',
  },

  // Times
  'jwt.exp.missing': { meaning: 'The token has no `exp`.', action: REPORT_TO_ISSUER },
  'jwt.exp.type': { meaning: '`exp` is not a number.', action: REPORT_TO_ISSUER },
  'jwt.exp.range': { meaning: '`exp` is negative or too large.', action: REPORT_TO_ISSUER },
  'jwt.exp.past': {
    meaning: 'The token has expired.',
    action: 'Nothing to do if it is rare: the caller gets a new token. Otherwise compare the clocks.',
  },
  'jwt.exp.before_start': {
    meaning: 'The token expires before it is valid: `exp` is not after `iat` and `nbf`.',
    action: REPORT_TO_ISSUER,
  },
  'jwt.iat.missing': { meaning: 'The token has no `iat`.', action: REPORT_TO_ISSUER },
  'jwt.iat.type': { meaning: '`iat` is not a number.', action: REPORT_TO_ISSUER },
  'jwt.iat.range': { meaning: '`iat` is negative or too large.', action: REPORT_TO_ISSUER },
  'jwt.iat.future': {
    meaning: 'The token was issued in the future.',
    action: 'Synchronize the clocks of the issuer and the broker.',
  },
  'jwt.nbf.type': { meaning: '`nbf` is not a number.', action: REPORT_TO_ISSUER },
  'jwt.nbf.range': { meaning: '`nbf` is negative or too large.', action: REPORT_TO_ISSUER },
  'jwt.nbf.future': {
    meaning: 'The token is not valid yet (`nbf`).',
    action: 'Synchronize the clocks of the issuer and the broker.',
  },
  'jwt.lifetime.exceeded': {
    meaning: 'The time from `iat` to `exp` is longer than `maxLifetime` of the issuer.',
    action: 'Shorten the lifetime of tokens at the issuer, or raise `maxLifetime`.',
  },

  // Claims
  'jwt.sub.missing': { meaning: 'The token has no `sub`.', action: REPORT_TO_ISSUER },
  'jwt.sub.type': { meaning: '`sub` is not a string, or is empty.', action: REPORT_TO_ISSUER },
  'jwt.sub.form': {
    meaning: '`sub` has more than 1,024 characters, or invisible ones.',
    action: 'Choose another attribute as subject at the issuer.',
  },
  'jwt.jti.missing': {
    meaning: 'The issuer has `replay: once`, and the token has no `jti`.',
    action: 'Have the issuer add `jti`, or remove `replay: once`.',
  },
  'jwt.jti.type': { meaning: '`jti` is not a string, or is empty.', action: REPORT_TO_ISSUER },
  'jwt.jti.form': {
    meaning: '`jti` has more than 1,024 characters, or invisible ones.',
    action: REPORT_TO_ISSUER,
  },
  'jwt.required.missing': {
    meaning: 'The token lacks a claim that `require` of the issuer names.',
    action: 'Compare the claims of the token with `require` and with what the preset of the issuer requires.',
  },
  'jwt.required.value': {
    meaning: 'A claim that `require` of the issuer names has a value that is not accepted.',
    action: 'Add the value to `require` if callers with it are to be accepted.',
  },
  'jwt.sender_constrained': {
    meaning:
      'The token is bound to a key of its holder (claim `cnf`: DPoP or mutual TLS), which the broker cannot verify.',
    action:
      'Have the caller get a bearer token: turn off DPoP or certificate binding for this client at the issuer.',
  },
  'jwt.logout.refused': {
    meaning: 'The token is a logout token (OpenID Connect Back-Channel Logout).',
    action: 'Find out how a logout token reached the caller; it does not authenticate anyone.',
  },
});
