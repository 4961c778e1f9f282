// All operations of STS: what they take, whether they must be signed, and who does them.

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

/** An operation ready to run on raw parameters. Validation comes after authentication; that AWS does so is assumed. */
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

/** A signature on these is not looked at; what AWS makes of one is not known. */
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

/** AWS has these too. */
export const UNIMPLEMENTED: ReadonlySet<string> = new Set([
  'AssumeRoot',
  'GetDelegatedAccessToken',
  'GetWebIdentityToken',
]);
