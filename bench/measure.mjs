// Times asynchronous functions against each other: rounds alternate, so that a slow moment hits all of them.

const ROUNDS = 5;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Median microseconds a call, by name. `work` maps a name to `{ times, run(index) }`. */
export async function measure(work) {
  const samples = Object.fromEntries(Object.keys(work).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { times, run }] of Object.entries(work)) {
      const start = process.hrtime.bigint();
      for (let index = 0; index < times; index++) await run(index);
      const microseconds = Number(process.hrtime.bigint() - start) / 1000 / times;
      if (round > 0) samples[name].push(microseconds); // The first round warms up.
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}

export const ratio = (a, b) => Number((a / b).toFixed(2));
