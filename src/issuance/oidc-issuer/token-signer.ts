// Signs the broker's own JWT about a caller (keyless mode). Each token is made for one STS call, is valid for minutes, and
// is sent to STS only.
import { randomUUID } from 'node:crypto';
import { Secret } from '@sallyport/client/internal/secret';
import { CONSTRAINTS } from '@sallyport/sts-protocol/constraints';
import { SignJWT } from 'jose';
import type { SigningKeys } from '../../config/key-folder.js';
import { SallyportError } from '../../core/errors.js';
import type { IssueRequest, Principal, Session } from '../../core/types.js';
import { ALGORITHM, AWS_CLAIMS } from './discovery-documents.js';
import { webIdentitySubject } from './subject.js';

export interface TokenSignerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeSeconds: number;
  readonly signing: SigningKeys['signing'];
  /** Whether the principal's issuer vouches for multi-factor authentication. */
  isMfaAuthenticated(principal: Principal): boolean;
  now(): Date;
}

/** Characters. */
const MAX_TOKEN_LENGTH = CONSTRAINTS.AssumeRoleWithWebIdentity.required.WebIdentityToken.max;

/** Seconds by which `nbf` precedes `iat`, for a verifier whose clock is behind. */
const CLOCK_TOLERANCE = 60;

export class TokenSigner {
  readonly #options: TokenSignerOptions;

  constructor(options: TokenSignerOptions) {
    this.#options = options;
  }

  /** @throws SallyportError `session_value_invalid` where the token would be too long for STS. */
  async sign({ principal, decision }: Pick<IssueRequest, 'principal' | 'decision'>): Promise<Secret> {
    const { issuer, audience, lifetimeSeconds, signing, isMfaAuthenticated, now } = this.#options;
    const issuedAt = Math.floor(now().getTime() / 1000);
    const claims = {
      iss: issuer,
      aud: audience,
      sub: webIdentitySubject(principal),
      iat: issuedAt,
      nbf: issuedAt - CLOCK_TOLERANCE,
      exp: issuedAt + lifetimeSeconds,
      jti: randomUUID(),
      // RFC 8176 section 2.
      ...(isMfaAuthenticated(principal) && { amr: ['mfa'] }),
      ...sessionClaims(decision.session),
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: signing.kid, typ: 'JWT' })
      .sign(signing.privateKey);
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new SallyportError('session_value_invalid', {
        reason: 'session.web_identity_token',
        detail: `Your claims yield session tags for which the token exceeds the ${MAX_TOKEN_LENGTH} characters that STS accepts. Ask the operator.`,
      });
    }
    return new Secret(token);
  }
}

/** With AssumeRoleWithWebIdentity, tags and source identity are claims of the token instead of parameters. */
function sessionClaims({ tags, transitiveTags, sourceIdentity }: Session) {
  return {
    ...(tags && {
      [AWS_CLAIMS.tags]: {
        principal_tags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, [value]])),
        ...(transitiveTags && { transitive_tag_keys: transitiveTags }),
      },
    }),
    ...(sourceIdentity !== undefined && { [AWS_CLAIMS.sourceIdentity]: sourceIdentity }),
  };
}
