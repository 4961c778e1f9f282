// The size of statistical tests: `npm test` repeats them often enough to detect the error they guard against,
// `npm run test:full` at full size.

const isFull = process.env['SALLYPORT_TEST_FULL'] === '1';

/** How often to repeat: `full` with `npm run test:full`, else `usual`. */
export const repetitions = (usual: number, full: number): number => (isFull ? full : usual);
