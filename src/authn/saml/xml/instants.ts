// Parses and checks times: xs:dateTime in UTC with a Z (SAML core 1.3.3). No other form is accepted.
import { CLOCK_SKEW_SECONDS } from '../../../core/time.js';
import { rejectAssertion, type SamlReason } from '../reject-assertion.js';
import type { XmlElement } from './parse-xml.js';

const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?Z$/;

/** Epoch seconds of an `xs:dateTime` in UTC; undefined if the text is not one or the date does not exist. */
export function parseInstant(text: string): number | undefined {
  const [, whole, fraction = ''] = INSTANT.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const milliseconds = Date.parse(`${whole}Z`);
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(whole)) return undefined;
  return milliseconds / 1000 + Number(`0${fraction}`);
}

/** The time in an attribute, if present. */
export function instantAttribute(element: XmlElement, name: string): number | undefined {
  const text = element.attributes.get(name);
  if (text === undefined) return undefined;
  return parseInstant(text) ?? rejectAssertion('instant');
}

/** Refuses a period that starts after `now` (epoch seconds). */
export function requireStarted(from: number | undefined, now: number, reason: SamlReason): void {
  if (from !== undefined && now < from - CLOCK_SKEW_SECONDS) rejectAssertion(reason, 'proof_not_yet_valid');
}

/** Refuses a period that ends before it starts. */
export function requireOrder(from: number | undefined, until: number): void {
  if (from !== undefined && from > until) rejectAssertion('conditions.order');
}

/** Refuses a period that has ended at `now` (epoch seconds). */
export function requireNotEnded(until: number | undefined, now: number, reason: SamlReason): void {
  if (until !== undefined && now >= until + CLOCK_SKEW_SECONDS) rejectAssertion(reason, 'proof_expired');
}
