import { test } from 'node:test';
import assert from 'node:assert/strict';
import { evidenceReports, lastUsed, readEvidence } from './evidence.ts';
import { Scope, type ScopeState } from './scope.ts';

const DAY = 86_400_000;

function stateOf(task: string, usedAt: number, right = 0): ScopeState {
  const scope = new Scope({ tenant: '', task, embedder: 'e' }, 0.01);
  for (let at = 0; at < right; at++) {
    scope.rate.record({ similarity: 0.99, verdict: 'right', served: false });
  }
  scope.usedAt = usedAt;
  return scope.state();
}

test('what was saved is read; what is none, or was not used for a month, is not', () => {
  const now = 100 * DAY;
  const good = stateOf('good', now - DAY, 3);
  const saved = {
    good,
    old: stateOf('old', now - 31 * DAY),
    text: 'x',
    empty: {},
    counts: { ...good, counts: { lookedUp: 'many' } },
    rate: { ...good, rate: { counts: [[1]] } },
  };
  assert.deepEqual(readEvidence(JSON.stringify(saved), now), { good });
  for (const text of [undefined, '', 'null', '[]', '{']) assert.deepEqual(readEvidence(text), {});
});

test('a task is shown once for each tenant: as its policy of now has it', () => {
  const evidence = { before: stateOf('a', 1, 900), now: stateOf('a', 2, 10), b: stateOf('b', 1) };
  const reports = evidenceReports(evidence);
  assert.partialDeepStrictEqual(reports, [
    { evidence: 'now', task: 'a', judged: 10, state: 'learning' },
    { evidence: 'b', task: 'b', judged: 0 },
  ]);
  assert.equal(evidenceReports({ before: stateOf('a', 1, 900) })[0]?.state, 'serving');
});

test('of more scopes than are kept those stay that were used last', () => {
  const evidence = { old: stateOf('a', 1), new: stateOf('b', 3), middle: stateOf('c', 2) };
  assert.deepEqual(Object.keys(lastUsed(evidence, 2)).toSorted(), ['middle', 'new']);
  assert.equal(lastUsed(evidence, 3), evidence);
});
