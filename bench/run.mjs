// `npm run bench`: costs as ratios measured in one run, so that they do not depend on the machine. Medians of five
// alternating rounds, or of many interleaved samples. `-- --json` prints one JSON line instead of the table.
import { benchCache } from './cache.mjs';
import { benchDecisions } from './decisions.mjs';
import { benchIssuing } from './issuing.mjs';
import { benchProofs } from './proofs.mjs';
import { benchRefusals } from './refusals.mjs';

const results = [
  ...(await benchProofs()),
  ...(await benchDecisions()),
  ...(await benchRefusals()),
  ...(await benchCache()),
  ...(await benchIssuing()),
];

if (process.argv.includes('--json')) {
  process.stdout.write(
    `${JSON.stringify(Object.fromEntries(results.map(({ name, value }) => [name, value])))}\n`,
  );
} else {
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, value, meaning } of results) {
    process.stdout.write(`${name.padEnd(width)}  ${String(value).padStart(8)}  ${meaning}\n`);
  }
}
