// An STS call as a value, before a region is selected.
import type {
  $Command,
  ServiceInputTypes,
  ServiceOutputTypes,
  STSClientResolvedConfig,
} from '@aws-sdk/client-sts';
import type { Credentials, Operation } from '../../core/types.js';

/** What the operations of STS take and return. */
export type StsInput = ServiceInputTypes;
export type StsOutput = ServiceOutputTypes;

/** The operations that issue a role's credentials, and those that the broker calls for itself. */
export type StsOperation = Operation | 'DecodeAuthorizationMessage' | 'GetCallerIdentity';

/** Credentials that sign a call instead of the broker's own, e.g. those of the previous role of a chain. */
export interface Signer {
  readonly credentials: Credentials;
  /** Id of the account they belong to. */
  readonly account: string;
}

export interface StsCall<Input extends StsInput, Output extends StsOutput> {
  readonly operation: StsOperation;
  readonly Command: new (
    input: Input,
  ) => $Command<Input, Output, STSClientResolvedConfig, StsInput, StsOutput>;
  /** Must not be shared between calls: sdk-client.ts finds the call by it. */
  readonly input: Input;
  /** Id of the role's account, on which it depends whether STS is activated in a region; empty for the broker's own. */
  readonly account: string;
  /** Id of the account whose quota the call uses: the signer's, or the role's if unsigned; empty for the broker's own. */
  readonly quotaAccount: string;
  /** Not retried where STS may have received it: an MFA code is valid for one use. */
  readonly sendOnce: boolean;
  /** Default: the broker itself. */
  readonly signer: Signer | undefined;
}
