// Why STS refuses a proof, or cannot judge it. Texts of STS, hints of ours.
import type { ErrorCode } from '../../core/errors.js';

export interface StsErrorMapping {
  readonly code: ErrorCode;
  readonly detail?: string;
  /** The first whose text fits is meant. */
  readonly variants?: readonly {
    readonly text: RegExp;
    /** Added to the reason. */
    readonly reason: string;
    readonly code?: ErrorCode;
    /** `$1` is the group of `text`. */
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
          'STS takes an assertion for five minutes after it was issued. Get a new one and send it at once.',
      },
      {
        text: /too old/,
        reason: 'TooOld',
        detail: 'STS finds that the token was issued too long ago. Get a new one from the issuer.',
      },
    ],
  },
  IDPCommunicationError: {
    code: 'issuer_unavailable',
    detail: 'STS cannot reach the issuer to fetch its keys. Try again shortly; the issuer must be public.',
  },
  IDPRejectedClaim: {
    code: 'sts_rejected_proof',
    detail:
      'The issuer told STS that the proof is not valid, for example revoked. Get a new one from the issuer.',
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
          'The identity provider in IAM does not list the audience of this proof. Ask the operator to add it there.',
      },
      {
        text: /retrieve verification key/,
        reason: 'Keys',
        detail:
          'STS cannot fetch the keys of the issuer, which must be public on the internet. Ask the operator; a private issuer needs another operation.',
      },
      {
        text: /thumbprint/,
        reason: 'Thumbprint',
        detail:
          "The issuer's certificate is not the one whose thumbprint IAM has. Ask the operator to correct the identity provider in IAM.",
      },
      {
        text: /not a valid JWT/,
        reason: 'NotJwt',
        detail: 'STS cannot read the token. Send the ID token, not an access token.',
      },
      {
        text: /Missing a required claim/,
        reason: 'Claim',
        detail:
          'STS needs a claim that the token lacks, such as aud, sub or exp. Ask the operator of the issuer.',
      },
      {
        text: /RoleSessionName/,
        reason: 'RoleSessionName',
        detail:
          'The assertion lacks the attribute RoleSessionName, or its value does not suit STS: 2 to 64 letters, digits and _ + = , . @ -. Ask the operator of the identity provider.',
      },
      {
        text: /Source Identity/,
        reason: 'SourceIdentity',
        detail:
          'The source identity in the assertion does not suit STS: 2 to 64 letters, digits and _ + = , . @ -. Ask the operator of the identity provider.',
      },
      {
        text: /signature invalid/,
        reason: 'Signature',
        detail:
          'The metadata that IAM has of the identity provider is out of date: STS does not accept the signature. Ask the operator to upload it anew.',
      },
      {
        text: /Issuer not present/,
        reason: 'Issuer',
        detail:
          'The issuer of the assertion is not the one in the metadata that IAM has. Ask the operator to check principalArn.',
      },
    ],
  },
};
