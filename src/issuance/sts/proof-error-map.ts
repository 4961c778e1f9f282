// The STS error codes about a proof: STS refuses it, or cannot verify it.
import type { ErrorCode } from '../../core/errors.js';

export interface StsErrorMapping {
  readonly code: ErrorCode;
  readonly detail?: string;
  /** The first whose `text` matches STS's message applies. */
  readonly variants?: readonly {
    readonly text: RegExp;
    /** Suffix of the reason. */
    readonly reason: string;
    readonly code?: ErrorCode;
    /** `$1`: the group of `text`. */
    readonly detail: string;
  }[];
}

export const PROOF_ERROR_MAP: Readonly<Record<string, StsErrorMapping>> = {
  ExpiredTokenException: {
    code: 'proof_expired',
    variants: [
      {
        text: /redeemed within 5 minutes/,
        reason: 'NotRedeemed',
        detail:
          'STS accepts an assertion for five minutes after it is issued. Get a new one and send it immediately.',
      },
      {
        text: /too old/,
        reason: 'TooOld',
        detail: 'The token was issued too long ago for STS. Get a new one from the issuer.',
      },
    ],
  },
  IDPCommunicationError: {
    code: 'issuer_unavailable',
    detail: 'STS cannot reach the issuer to fetch its keys, which must be public. Try again shortly.',
  },
  IDPRejectedClaim: {
    code: 'sts_rejected_proof',
    detail:
      'The issuer reported to STS that the proof is not valid, for example because it is revoked. Get a new one from the issuer.',
  },
  InvalidIdentityToken: {
    code: 'sts_rejected_proof',
    variants: [
      {
        text: /No OpenIDConnect provider found|Specified provider doesn't exist/,
        reason: 'NoProvider',
        detail:
          'IAM has no identity provider for this issuer in the account of the role. Ask the operator to create it.',
      },
      {
        text: /Incorrect token audience|required audience/,
        reason: 'Audience',
        detail:
          'The identity provider in IAM does not list the audience of this proof. Ask the operator to add it.',
      },
      {
        text: /retrieve verification key/,
        reason: 'Keys',
        detail:
          'STS cannot fetch the keys of the issuer, which must be on the public internet. Ask the operator: a private issuer needs another STS operation.',
      },
      {
        text: /thumbprint/,
        reason: 'Thumbprint',
        detail:
          "The issuer's certificate does not match the thumbprint in IAM. Ask the operator to correct the identity provider in IAM.",
      },
      {
        text: /not a valid JWT/,
        reason: 'NotJwt',
        detail: 'STS cannot read the token. Send an ID token, not an access token.',
      },
      {
        text: /Missing a required claim/,
        reason: 'Claim',
        detail:
          'The token lacks a claim that STS requires, such as aud, sub or exp. Ask the operator of the issuer.',
      },
      {
        text: /RoleSessionName/,
        reason: 'RoleSessionName',
        detail:
          'The assertion has no RoleSessionName attribute that STS accepts: 2 to 64 letters, digits and _ + = , . @ -. Ask the operator of the identity provider.',
      },
      {
        text: /Source Identity/,
        reason: 'SourceIdentity',
        detail:
          'STS does not accept the source identity in the assertion: it must be 2 to 64 letters, digits and _ + = , . @ -. Ask the operator of the identity provider.',
      },
      {
        text: /signature invalid/,
        reason: 'Signature',
        detail:
          'STS does not accept the signature, because the metadata of the identity provider in IAM is out of date. Ask the operator to upload the current metadata.',
      },
      {
        text: /Issuer not present/,
        reason: 'Issuer',
        detail:
          'The issuer of the assertion does not match the metadata in IAM. Ask the operator to check principalArn.',
      },
    ],
  },
};
