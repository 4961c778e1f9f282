// What the caller and the operator do about an error code: the shape, and sentences that several codes share.
import type { ErrorCode } from '../../../core/errors.js';

export interface Guidance {
  readonly caller: string;
  readonly operator: string;
}

export const section = <const T extends Partial<Record<ErrorCode, Guidance>>>(entries: T): T => entries;

export const CORRECT = 'Correct the request as `detail` says. Sending it again unchanged fails again.';
export const NEW_PROOF = 'Get a new proof from the issuer and send it.';
export const RETRY =
  'Retry after `Retry-After` seconds. Replace a single-use proof first: it may have been used up.';
export const TELL_OPERATOR =
  'Give the request ID to the operator. A retry fails until the operator has corrected it.';
export const NOTHING = 'Nothing to do: the caller corrects the request.';
