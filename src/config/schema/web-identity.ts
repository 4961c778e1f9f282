// The section `webIdentity`: the broker as an OIDC issuer (keyless mode), its tokens and its signing keys.
import { type Static, Type } from 'typebox';
import { BASE_URL_PATTERN, closed, Duration } from './primitives.js';

/** Seconds. */
export const MAX_TOKEN_LIFETIME = 3600;

export const WebIdentity = Type.Object(
  {
    keys: Type.String({
      minLength: 1,
      description:
        'Folder with the signing keys; `sallyport issuer generate` creates it. current.pem signs; next.pem and previous.pem are only published.',
    }),
    issuer: Type.Optional(
      Type.String({
        pattern: BASE_URL_PATTERN,
        maxLength: 255,
        description:
          'URL of the OIDC provider in IAM, and `iss` of the tokens. It must be https, or http on loopback. Default: server.url.',
      }),
    ),
    audience: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description:
          'Client ID of the OIDC provider in IAM, and `aud` of the tokens. Default: sts.amazonaws.com.',
      }),
    ),
    lifetime: Type.Optional(
      Duration(
        'Lifetime of a token, 1m to 1h. The broker uses each token once and immediately. Default: 5m.',
      ),
    ),
  },
  {
    ...closed,
    description: 'The broker as OIDC issuer (keyless mode), for roles with `webIdentity: broker`.',
  },
);
export type WebIdentityConfig = Static<typeof WebIdentity>;
