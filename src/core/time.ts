// Times as AWS and operators write them, and how exactly clocks are expected to agree.

/** How far the clocks of issuer and broker may be apart, seconds. */
export const CLOCK_SKEW_SECONDS = 60;

/** ISO 8601 in UTC without a fraction: SDKs take nothing else as Expiration. */
export const toIsoSeconds = (time: Date): string => `${time.toISOString().slice(0, -'.000Z'.length)}Z`;

/** An instant as an operator writes it: ISO 8601 with a time zone. */
export const INSTANT_PATTERN =
  '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d+)?)?(?:Z|[+-]\\d{2}:\\d{2})$';

/** Undefined for a text of another form, or a time that does not exist. */
export function parseInstant(text: string): Date | undefined {
  const time = new Date(text);
  return new RegExp(INSTANT_PATTERN).test(text) && !Number.isNaN(time.getTime()) ? time : undefined;
}
