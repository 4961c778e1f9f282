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

const SAMPLES = 2000;
const BATCH = 2;

/** Median time of `run` with one list of arguments ÷ that with another, from many small samples that take turns. */
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
