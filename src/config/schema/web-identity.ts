// The broker as an OIDC issuer of its own, in the config: what its tokens say of themselves, and which keys sign them.
import { type Static, Type } from 'typebox';
import { BASE_URL_PATTERN, closed, Duration } from './primitives.js';

/** Seconds. */
export const MAX_TOKEN_LIFETIME = 3600;

export const WebIdentity = Type.Object(
  {
    keys: Type.String({
      minLength: 1,
      description:
        'Folder of the signing keys, made by sallyport issuer generate. current.pem signs; next.pem and previous.pem are only published.',
    }),
    issuer: Type.Optional(
      Type.String({
        pattern: BASE_URL_PATTERN,
        maxLength: 255,
        description:
          'URL of the OIDC provider in IAM, and `iss` of the tokens. https, or http on loopback. Default server.url.',
      }),
    ),
    audience: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description:
          'Client id of the OIDC provider in IAM, and `aud` of the tokens. Default sts.amazonaws.com.',
      }),
    ),
    lifetime: Type.Optional(
      Duration('How long a token is good for, 1m to 1h. It is used once, at once. Default 5m.'),
    ),
  },
  {
    ...closed,
    description: 'The broker as OIDC issuer, for roles with `webIdentity: broker`.',
  },
);
export type WebIdentityConfig = Static<typeof WebIdentity>;
