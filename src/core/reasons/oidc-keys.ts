// Reasons why the keys of an OIDC issuer cannot be fetched.
import { reasons } from './reason-entry.js';

export const OIDC_KEY_REASONS = reasons({
  'oidc.discovery.malformed': {
    meaning: 'The discovery document is not a JSON object, or its `jwks_uri` is not a URL.',
    action: 'Open `/.well-known/openid-configuration` of the issuer, or set `jwksUri`.',
  },
  'oidc.discovery.issuer_mismatch': {
    meaning: 'The discovery document names another issuer than the one it was fetched for.',
    action: 'Write `issuer` exactly as the discovery document has it.',
  },
  'oidc.discovery.jwks_uri_refused': {
    meaning: '`jwks_uri` in the discovery document has another scheme than the issuer, or a user name.',
    action: 'Set `jwksUri` to the correct https URL.',
  },
  'oidc.discovery.jwks_host_refused': {
    meaning: '`jwks_uri` in the discovery document is on a host that is not pinned for this issuer.',
    action: 'Set `jwksUri` if that host is the intended location of the keys.',
  },
  'oidc.fetch.redirect': {
    meaning: 'The issuer responded with a redirect, which is not followed.',
    action: 'Set the URL that returns 200 as `issuer` or `jwksUri`.',
  },
  'oidc.fetch.status': {
    meaning: 'The issuer responded with an HTTP status other than 200.',
    action:
      'Check the URL with `sallyport doctor`, and `tokenFile` where the issuer requires authentication.',
  },
  'oidc.fetch.timeout': {
    meaning: 'The issuer did not respond in time.',
    action: 'Check the network path and the health of the issuer.',
  },
  'oidc.fetch.address_refused': {
    meaning: 'The host name of the issuer resolves to an address that the broker does not connect to.',
    action:
      'Set `private: true` if the issuer is inside your network. Link-local and metadata addresses are never allowed.',
  },
  'oidc.fetch.lookup': {
    meaning: 'The host name of the issuer cannot be resolved.',
    action: 'Check the DNS resolver of the broker.',
  },
  'oidc.fetch.json': {
    meaning: 'The response from the issuer is not strict JSON.',
    action: 'Check whether a proxy or login page responds in place of the issuer.',
  },
  'oidc.fetch.too_large': {
    meaning: 'The response from the issuer is larger than 512 KiB.',
    action: 'Check that `jwksUri` is the URL of a JWK Set.',
  },
  'oidc.fetch.connection': {
    meaning: 'The connection to the issuer failed, for example in the TLS handshake.',
    action: 'Look at the logged error; set `ca` for a private certificate authority.',
  },
  'oidc.jwks.malformed': {
    meaning: 'The document at `jwksUri` has no list `keys`.',
    action: 'Check that `jwksUri` is the URL of a JWK Set.',
  },
  'oidc.jwks.too_many_keys': {
    meaning: 'The JWK Set has more than 100 keys.',
    action: 'Have the issuer remove keys that it no longer uses.',
  },
  'oidc.jwks.no_usable_key': {
    meaning: 'The JWK Set has no public signature key of sufficient strength.',
    action: 'Have the issuer publish an RSA key of 2,048 bits or more, or an ECDSA or Ed25519 key.',
  },
  'oidc.keys_too_old': {
    meaning: 'The cached keys of the issuer are older than six hours and could not be refreshed yet.',
    action: 'Check the network path to the issuer; the log has the last failure.',
  },
  'oidc.unexpected': {
    meaning: 'Fetching the keys failed for a cause that the broker does not know.',
    action: 'Report the logged error as a bug.',
  },
});
