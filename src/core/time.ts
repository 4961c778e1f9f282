// Times as AWS writes them, and how exactly clocks are expected to agree.

/** How far the clocks of issuer and broker may be apart, seconds. */
export const CLOCK_LEEWAY = 60;

/** ISO 8601 in UTC without a fraction: SDKs take nothing else as Expiration. */
export const wholeSecond = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');
