// The encoded authorization messages that AWS services return when they deny a request, and that
// DecodeAuthorizationMessage decodes. The sandbox has no other service, so tests encode the messages themselves. The key
// is deliberately public.
import { createHash } from 'node:crypto';
import { seal, unseal } from './seal.js';

const KEY = createHash('sha256').update('sallyport sandbox authorization messages').digest();

/** The decision of an AWS service. */
export interface AuthorizationDecision {
  readonly explicitDeny: boolean;
  readonly principal: { readonly id: string; readonly arn: string };
  /** e.g. `ec2:StopInstances` */
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values. */
  readonly conditions: Readonly<Record<string, readonly string[]>>;
}

/** The encoded message, in base64. DecodeAuthorizationMessage of any sandbox STS can decode it. */
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

/** The JSON text of a message. Undefined if the text is not an encoded message. */
export const decodeMessage = (encoded: string): string | undefined => unseal(KEY, encoded);
