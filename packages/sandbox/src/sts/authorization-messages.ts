// The encoded messages that AWS services send with a refusal and DecodeAuthorizationMessage makes readable. No service
// runs in the sandbox, so whoever tests with it makes the messages: the key is no secret, on purpose.
import { createHash } from 'node:crypto';
import { seal, unseal } from './seal.js';

const KEY = createHash('sha256').update('sallyport sandbox authorization messages').digest();

/** A decision of some AWS service. */
export interface AuthorizationDecision {
  readonly explicitDeny: boolean;
  readonly principal: { readonly id: string; readonly arn: string };
  /** e.g. `ec2:StopInstances` */
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values. */
  readonly conditions: Readonly<Record<string, readonly string[]>>;
}

/** The message a service would answer with: base64, and `decodeAuthorizationMessage` of any sandbox STS reads it. */
export function encodeAuthorizationMessage(decision: AuthorizationDecision): string {
  const { explicitDeny, principal, action, resource, conditions } = decision;
  const items = Object.entries(conditions).map(([key, values]) => ({
    key,
    values: { items: values.map((value) => ({ value })) },
  }));
  const message = {
    allowed: false,
    explicitDeny,
    matchedStatements: { items: [] },
    failures: { items: [] },
    context: { principal, action, resource, conditions: { items } },
  };
  return seal(KEY, JSON.stringify(message));
}

/** The JSON text in a message; undefined for anything that is none. */
export const decodeMessage = (encoded: string): string | undefined => unseal(KEY, encoded);
