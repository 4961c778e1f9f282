// MFA in a request: SerialNumber identifies a device of the calling user, TokenCode is its current code.
import { isCurrentTotp } from '../iam/totp.js';
import type { Caller } from './caller.js';
import { accessDenied } from './errors.js';

interface MfaParameters {
  readonly SerialNumber?: string;
  readonly TokenCode?: string;
}

/**
 * When MFA was passed, in epoch seconds: now, with these parameters, or when the session began. Undefined if never. What
 * AWS returns for one parameter without the other is not known; here the code is treated as not valid.
 */
export function mfaAuthenticatedAt(
  { SerialNumber, TokenCode }: MfaParameters,
  caller: Caller,
  now: Date,
): number | undefined {
  if (SerialNumber === undefined && TokenCode === undefined) return caller.session?.mfaAuthenticatedAt;
  const device = caller.user?.mfaDevices.find(({ serialNumber }) => serialNumber === SerialNumber);
  if (!device || TokenCode === undefined) {
    throw accessDenied(
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    );
  }
  if (!isCurrentTotp(device.seed, TokenCode, now)) {
    throw accessDenied('MultiFactorAuthentication failed with invalid MFA one time pass code. ');
  }
  return Math.floor(now.getTime() / 1000);
}
