// The input of an operation: its validated parameters, the caller, and the state of STS.
import type { Iam } from '../iam/model.js';
import type { Caller } from './caller.js';
import type { SessionTokens } from './session-tokens.js';
import type { ProviderKeys } from './web-identity-keys.js';

/** State that all calls share. */
export interface StsState {
  readonly iam: Iam;
  readonly tokens: SessionTokens;
  readonly providerKeys: ProviderKeys;
}

export interface Call<P> extends StsState {
  readonly parameters: P;
  readonly now: Date;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
}

/** A call whose signature has been verified. */
export interface SignedCall<P> extends Call<P> {
  readonly caller: Caller;
  readonly region: string;
}
