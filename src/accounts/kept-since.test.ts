import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Budget } from '../config/spending.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { keptSince } from './kept-since.ts';

const budgets = (...ids: readonly string[]) => ids.map((id) => ({ id }) as Budget);

test('a budget is kept since it was first seen; one that was left out for a while starts anew', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1000 });
  const stores = openSqliteStores(':memory:');
  assert.deepEqual(keptSince(budgets('a', 'b'), stores), { a: 1000, b: 1000 });
  const used = async (id: string): Promise<number> =>
    (await stores.accounts.state({ id, limit: 9, windowMs: undefined })).used;
  for (const id of ['a/1', 'b/1']) {
    const account = { id, limit: 9, windowMs: undefined };
    await stores.accounts.charge([{ account, amount: 5, at: 1000 }]);
  }
  t.mock.timers.setTime(2000);
  assert.deepEqual(keptSince(budgets('a', 'c'), stores), { a: 1000, c: 2000 });
  assert.equal(await used('b/1'), 5);
  t.mock.timers.setTime(3000);
  assert.deepEqual(keptSince(budgets('a', 'b'), stores), { a: 1000, b: 3000 });
  assert.deepEqual([await used('a/1'), await used('b/1')], [5, 0]);
  await stores.close();
});

test('a document that is none is no document', async () => {
  const stores = openSqliteStores(':memory:');
  for (const text of ['', '[1]', '{"a":"x"}', 'null']) {
    stores.ledger.save('budgets', text);
    assert.deepEqual(Object.keys(keptSince(budgets('a'), stores)), ['a']);
  }
  await stores.close();
});
