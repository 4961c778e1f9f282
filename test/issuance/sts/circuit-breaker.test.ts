import fc from 'fast-check';
import t from 'tap';
import {
  admit,
  type CircuitBreaker,
  CLOSED,
  type Outcome,
  recordOutcome,
} from '../../../src/issuance/sts/circuit-breaker.js';

const SETTINGS = { threshold: 3, firstMs: 1000, maxMs: 10_000 };

/** One call, admitted and recorded at the same time. Undefined: not admitted. */
function through(
  breaker: CircuitBreaker,
  outcome: Outcome,
  now: number,
  random = 1,
): CircuitBreaker | undefined {
  const admitted = admit(breaker, now);
  return (
    admitted && recordOutcome(admitted, { generation: admitted.generation, outcome }, SETTINGS, now, random)
  );
}

const after = (outcomes: readonly Outcome[], now = 0, from = CLOSED): CircuitBreaker =>
  outcomes.reduce((breaker, outcome) => through(breaker, outcome, now) ?? breaker, from);

t.test('consecutive failures open the breaker', (t) => {
  const rows: [outcomes: Outcome[], state: CircuitBreaker['state']][] = [
    [['failure', 'failure'], 'closed'],
    [['failure', 'failure', 'failure'], 'open'],
    [['failure', 'failure', 'success', 'failure', 'failure'], 'closed'],
    [['failure', 'neutral', 'failure', 'neutral', 'failure'], 'open'],
    [['neutral', 'neutral', 'neutral', 'neutral'], 'closed'],
  ];
  for (const [outcomes, state] of rows) t.equal(after(outcomes).state, state, outcomes.join(' '));
  t.end();
});

t.test('an open breaker admits nothing, then one probe, whose outcome decides', (t) => {
  const open = after(['failure', 'failure', 'failure']);
  t.equal(open.until, 1000);
  t.equal(admit(open, 999), undefined);
  const probing = admit(open, 1000);
  if (!probing) throw new Error('no probe');
  t.equal(probing.state, 'half-open');
  t.equal(admit(probing, 1000), undefined, 'one probe at a time');
  t.equal(admit(probing, 1e9), undefined);
  const { generation } = probing;
  const concluded = (outcome: Outcome) => recordOutcome(probing, { generation, outcome }, SETTINGS, 1500, 1);
  t.match(concluded('success'), { state: 'closed', failures: 0, openings: 0 });
  t.match(concluded('failure'), { state: 'open', until: 3500, openings: 2 }, 'twice as long');
  t.match(concluded('neutral'), { state: 'open', until: 1500, openings: 1 }, 'the next call probes');
  t.equal(admit(concluded('neutral'), 1500)?.state, 'half-open');
  t.end();
});

t.test('open time doubles up to the maximum, with jitter', (t) => {
  let breaker = after(['failure', 'failure', 'failure']);
  const lengths = [breaker.until];
  for (let probe = 0; probe < 5; probe++) {
    const now = breaker.until;
    breaker = after(['failure'], now, breaker);
    lengths.push(breaker.until - now);
  }
  t.same(lengths, [1000, 2000, 4000, 8000, 10_000, 10_000]);
  t.equal(through(after(['failure', 'failure']), 'failure', 0, 0)?.until, 500);
  const healed = after(['success'], breaker.until, breaker);
  t.equal(
    after(['failure', 'failure', 'failure'], 0, healed).until,
    1000,
    'from the beginning after a success',
  );
  t.end();
});

t.test('outcome of a call admitted before the state changed is ignored', (t) => {
  const early = { generation: CLOSED.generation };
  const open = after(['failure', 'failure', 'failure']);
  for (const outcome of ['success', 'failure', 'neutral'] as const)
    t.equal(recordOutcome(open, { ...early, outcome }, SETTINGS, 10, 1), open, outcome);
  const healed = after(['success'], open.until, open);
  t.equal(healed.state, 'closed');
  t.equal(recordOutcome(healed, { ...early, outcome: 'failure' }, SETTINGS, 2000, 1), healed);
  t.end();
});

t.test('at most one call is in flight unless the breaker is closed, and it always recovers', (t) => {
  type Step = { readonly wait: number; readonly finish: number; readonly outcome: Outcome };
  const step: fc.Arbitrary<Step> = fc.record({
    wait: fc.integer({ min: 0, max: 3000 }),
    finish: fc.integer({ min: 0, max: 5 }),
    outcome: fc.constantFrom('success', 'failure', 'neutral'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let now = 0;
      let breaker = CLOSED;
      const running: number[] = [];
      for (const { wait, finish, outcome } of steps) {
        now += wait;
        const admitted = admit(breaker, now);
        if (admitted) {
          breaker = admitted;
          running.push(admitted.generation);
        }
        const current = running.filter((generation) => generation === breaker.generation).length;
        if (breaker.state === 'half-open' && current !== 1) return false;
        if (breaker.state === 'open' && current > 0) return false;
        const [generation] = running.splice(finish, 1);
        if (generation !== undefined)
          breaker = recordOutcome(breaker, { generation, outcome }, SETTINGS, now, 0.5);
      }
      const [last] = running.filter((generation) => generation === breaker.generation);
      if (breaker.state === 'half-open' && last !== undefined)
        breaker = recordOutcome(breaker, { generation: last, outcome: 'neutral' }, SETTINGS, now, 0.5);
      return through(breaker, 'success', now + SETTINGS.maxMs)?.state === 'closed';
    }),
    { verbose: 1, numRuns: 2000 },
  );
  t.end();
});
