// The table of STS operations: parameters, whether the request must be signed, and the implementation.

import { CONSTRAINTS, type OperationName, type ParametersOf } from '@sallyport/sts-protocol/constraints';
import type { Result } from '@sallyport/sts-protocol/render';
import { type QueryParameters, validate } from '@sallyport/sts-protocol/validate';
import { assumeRole } from './actions/assume-role.js';
import { assumeRoleWithSaml } from './actions/assume-role-with-saml.js';
import { assumeRoleWithWebIdentity } from './actions/assume-role-with-web-identity.js';
import { decodeAuthorizationMessage } from './actions/decode-authorization-message.js';
import { getAccessKeyInfo } from './actions/get-access-key-info.js';
import { getCallerIdentity } from './actions/get-caller-identity.js';
import { getFederationToken } from './actions/get-federation-token.js';
import { getSessionToken } from './actions/get-session-token.js';
import type { Call, SignedCall } from './call.js';

/** An operation on raw parameters. Validation comes after authentication; that AWS does the same is assumed. */
export type Operation =
  | { readonly signed: true; run(call: SignedCall<QueryParameters>): Result }
  | { readonly signed: false; run(call: Call<QueryParameters>): Promise<Result> };

function signed<N extends OperationName>(
  name: N,
  run: (call: SignedCall<ParametersOf<N>>) => Result,
): Operation {
  return {
    signed: true,
    run: (call) =>
      run({ ...call, parameters: validate(CONSTRAINTS[name], call.parameters) as ParametersOf<N> }),
  };
}

/** Ignores a signature. What AWS does with one is not known. */
function unsigned<N extends OperationName>(
  name: N,
  run: (call: Call<ParametersOf<N>>) => Promise<Result>,
): Operation {
  return {
    signed: false,
    run: async (call) =>
      run({ ...call, parameters: validate(CONSTRAINTS[name], call.parameters) as ParametersOf<N> }),
  };
}

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['AssumeRole', signed('AssumeRole', assumeRole)],
  ['AssumeRoleWithSAML', unsigned('AssumeRoleWithSAML', assumeRoleWithSaml)],
  ['AssumeRoleWithWebIdentity', unsigned('AssumeRoleWithWebIdentity', assumeRoleWithWebIdentity)],
  ['DecodeAuthorizationMessage', signed('DecodeAuthorizationMessage', decodeAuthorizationMessage)],
  ['GetAccessKeyInfo', signed('GetAccessKeyInfo', getAccessKeyInfo)],
  ['GetCallerIdentity', signed('GetCallerIdentity', getCallerIdentity)],
  ['GetFederationToken', signed('GetFederationToken', getFederationToken)],
  ['GetSessionToken', signed('GetSessionToken', getSessionToken)],
]);

/** Operations of AWS that the sandbox does not have. */
export const UNIMPLEMENTED: ReadonlySet<string> = new Set([
  'AssumeRoot',
  'GetDelegatedAccessToken',
  'GetWebIdentityToken',
]);
