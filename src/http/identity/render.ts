// Principal -> JSON.
import type { Static } from 'typebox';
import type { Principal } from '../../core/types.js';
import type { IdentityAnswer } from './routes.js';

const time = (seconds: number) => new Date(seconds * 1000).toISOString();

export function renderIdentity(principal: Principal): Static<typeof IdentityAnswer> {
  return {
    Issuer: principal.issuer,
    IssuerType: principal.type,
    Subject: principal.subject,
    Claims: principal.claims,
    IssuedAt: time(principal.issuedAt),
    ExpiresAt: time(principal.expiresAt),
  };
}
