// Times as AWS writes them.

/** ISO 8601 in UTC without a fraction: SDKs take nothing else as Expiration. */
export const wholeSecond = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');
