// The broker's own JWT about a caller: made for one STS call, good for minutes, and sent to nobody but STS.
import { randomUUID } from 'node:crypto';
import { Secret } from '@sallyport/client/internal/secret';
import { SignJWT } from 'jose';
import type { SigningKeys } from '../../config/key-folder.js';
import { SallyportError } from '../../core/errors.js';
import type { SignWebIdentity } from '../../core/ports.js';
import type { Principal, Session } from '../../core/types.js';
import { ALGORITHM, CLAIMS } from './discovery-documents.js';
import { webIdentitySubject } from './subject.js';

export interface SignerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeSeconds: number;
  readonly signing: SigningKeys['signing'];
  /** Whether the principal's issuer says that it used several factors. */
  isMfaAuthenticated(principal: Principal): boolean;
  now(): Date;
}

/** Characters. STS's limit of WebIdentityToken. */
const MAX_TOKEN_LENGTH = 20_000;

/** Seconds that a token is good before it was signed: for a verifier whose clock is behind. */
const CLOCK_TOLERANCE = 60;

export function createTokenSigner({ issuer, audience, signing, ...options }: SignerOptions): SignWebIdentity {
  return async ({ principal, decision }) => {
    const now = Math.floor(options.now().getTime() / 1000);
    const claims = {
      iss: issuer,
      aud: audience,
      sub: webIdentitySubject(principal),
      iat: now,
      nbf: now - CLOCK_TOLERANCE,
      exp: now + options.lifetimeSeconds,
      jti: randomUUID(),
      // RFC 8176 section 2.
      ...(options.isMfaAuthenticated(principal) && { amr: ['mfa'] }),
      ...sessionClaims(decision.session),
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: signing.kid, typ: 'JWT' })
      .sign(signing.privateKey);
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new SallyportError('session_value_invalid', {
        reason: 'session.web_identity_token',
        detail: `Your claims yield session tags that need a token of more than the ${MAX_TOKEN_LENGTH} characters STS takes. Ask the operator.`,
      });
    }
    return new Secret(token);
  };
}

/**
 * What STS reads from the token and takes as no parameter.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
 */
function sessionClaims({ tags, transitiveTags, sourceIdentity }: Session) {
  return {
    ...(tags && {
      [CLAIMS.tags]: {
        principal_tags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, [value]])),
        ...(transitiveTags && { transitive_tag_keys: transitiveTags }),
      },
    }),
    ...(sourceIdentity !== undefined && { [CLAIMS.sourceIdentity]: sourceIdentity }),
  };
}
