// Time formats and clock skew.

/** Tolerated difference between the clocks of issuer and broker. */
export const CLOCK_SKEW_SECONDS = 60;

/** ISO 8601 in UTC without a fraction, the only form of Expiration that all SDKs accept. */
export const toIsoSeconds = (time: Date): string => `${time.toISOString().slice(0, -'.000Z'.length)}Z`;

/** For the config schema and options: ISO 8601 with a time zone. */
export const INSTANT_PATTERN =
  '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d+)?)?(?:Z|[+-]\\d{2}:\\d{2})$';

/** Undefined for a text in another format, or a date that does not exist. */
export function parseInstant(text: string): Date | undefined {
  const time = new Date(text);
  return new RegExp(INSTANT_PATTERN).test(text) && !Number.isNaN(time.getTime()) ? time : undefined;
}
