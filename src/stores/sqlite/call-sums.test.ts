import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inputTokens, outputTokens } from '../../pricing/usage.ts';
import { anyCall } from '../../testing/ledger-records.ts';
import { sumUp } from './call-sums.ts';
import {
  costOf,
  countedReference,
  estimatedAttempts,
  isEscalated,
  isPriced,
} from '../ledger-store.ts';

test('property: one pass says what each question of its own says', () => {
  fc.assert(
    fc.property(anyCall, (record) => {
      const { attempts } = record;
      assert.deepEqual(sumUp(record), {
        cost: costOf(record),
        countedReference: countedReference(record),
        isPriced: isPriced(record),
        isEscalated: isEscalated(record),
        inputTokens: attempts.reduce((sum, { tokens }) => sum + inputTokens(tokens), 0),
        outputTokens: attempts.reduce((sum, { tokens }) => sum + outputTokens(tokens), 0),
        estimated: estimatedAttempts(record),
      });
    }),
  );
});
