// The errors of the sandbox STS. Codes, statuses and messages are AWS's. Where AWS's message is not known, a comment at
// the call says so.
import { StsError } from '@sallyport/sts-protocol/sts-error';

export const invalidParameterValue = (text: string) => new StsError(400, 'InvalidParameterValue', text);
export const malformedPolicy = (text: string) => new StsError(400, 'MalformedPolicyDocument', text);
export const accessDenied = (text: string) => new StsError(403, 'AccessDenied', text);
export const invalidIdentityToken = (text: string) => new StsError(400, 'InvalidIdentityToken', text);
export const expiredIdentityToken = (text: string) => new StsError(400, 'ExpiredTokenException', text);
export const signatureDoesNotMatch = (text: string) => new StsError(403, 'SignatureDoesNotMatch', text);

export const invalidClientTokenId = () =>
  new StsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');

/** A feature of AWS that the sandbox does not have. AWS does not use this code. */
export const notImplemented = (what: string) =>
  new StsError(501, 'NotImplemented', `The sandbox STS does not implement ${what}.`, { type: 'Receiver' });
