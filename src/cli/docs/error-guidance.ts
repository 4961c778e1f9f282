// What the caller and the operator do about each error code, for docs/errors.md. A code without an entry does not
// compile. The sections are those of the page.
import type { ErrorCode } from '../../core/errors.js';
import { decision, proof, request } from './guidance/caller-errors.js';
import type { Guidance } from './guidance/guidance.js';
import { issuance, server } from './guidance/server-errors.js';

/** By section of the page. */
export const ERROR_SECTIONS = { request, proof, decision, issuance, server };

/** Every code has an entry in exactly one section. */
export const GUIDANCE: Readonly<Record<ErrorCode, Guidance>> = {
  ...request,
  ...proof,
  ...decision,
  ...issuance,
  ...server,
};
