// Compares the run times of asynchronous functions. Rounds alternate, so that a slow moment of the machine affects all.

const ROUNDS = 5;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The median result of each function, by name. */
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

const SAMPLES = 1200;
const BATCH = 2;

/** Median time of `run` with one list of arguments ÷ that with another, from many small interleaved samples. */
export function medianRatio(run, some, others) {
  const lists = [some, others];
  const times = [[], []];
  for (let sample = -SAMPLES / 10; sample < SAMPLES; sample++) {
    for (const which of Math.random() < 0.5 ? [0, 1] : [1, 0]) {
      const list = lists[which];
      const first = (sample + SAMPLES) * BATCH;
      const start = process.hrtime.bigint();
      for (let index = first; index < first + BATCH; index++) run(list[index % list.length]);
      if (sample >= 0) times[which].push(Number(process.hrtime.bigint() - start)); // The first ones warm up.
    }
  }
  return Number((median(times[0]) / median(times[1])).toFixed(3));
}
