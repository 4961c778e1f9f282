// Times asynchronous functions against each other: rounds alternate, so that a slow moment hits all of them.

const ROUNDS = 5;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The median of what each function gives, by name. */
export async function alternately(work) {
  const samples = Object.fromEntries(Object.keys(work).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, sample] of Object.entries(work)) {
      const value = await sample();
      if (round > 0) samples[name].push(value); // The first round warms up.
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}

/** Median microseconds a call, by name. `work` maps a name to `{ times, run(index) }`. */
export const measure = (work) =>
  alternately(
    Object.fromEntries(
      Object.entries(work).map(([name, { times, run }]) => [
        name,
        async () => {
          const start = process.hrtime.bigint();
          for (let index = 0; index < times; index++) await run(index);
          return Number(process.hrtime.bigint() - start) / 1000 / times;
        },
      ]),
    ),
  );

export const ratio = (a, b) => Number((a / b).toFixed(2));
