import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { GroupCommit, type Work } from './group-commit.ts';

const work = (amount: number): Work => ({
  charges: [{ account: { id: 'a', limit: 9, windowMs: undefined }, amount, at: 0 }],
});

/** A commit whose groups are noted, and fail while `fails` says so. */
function setUp(fails: () => boolean = () => false) {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE written (amount INTEGER)');
  const insert = database.prepare('INSERT INTO written VALUES (?)');
  const groups: number[] = [];
  const errors: [string, number][] = [];
  const write = (works: readonly Work[]): void => {
    for (const { charges } of works) insert.run(charges[0]?.amount ?? 0);
    if (fails()) throw new Error('disk full');
    groups.push(works.length);
  };
  const commit = new GroupCommit(
    database,
    { write, undone: () => undefined },
    {
      onError: ({ message }, waiting) => errors.push([message, waiting]),
    },
  );
  const written = (): number[] =>
    database
      .prepare('SELECT amount FROM written')
      .all()
      .map(({ amount }) => Number(amount));
  return { database, commit, groups, errors, written };
}

describe('a group commit', () => {
  test('what comes in one turn shares a transaction, in its order, and is written when told', async () => {
    const { commit, groups, written } = setUp();
    await Promise.all([1, 2, 3].map(async (amount) => commit.add(work(amount))));
    assert.deepEqual(groups, [3]);
    assert.deepEqual(written(), [1, 2, 3]);
    commit.stop();
  });

  test('a very large group is written in several, and told when all of it is', async () => {
    const { commit, groups, written } = setUp();
    await Promise.all(Array.from({ length: 1000 }, async (_, n) => commit.add(work(n))));
    assert.ok(groups.length > 1 && Math.max(...groups) <= 256);
    assert.deepEqual(
      written(),
      Array.from({ length: 1000 }, (_, n) => n),
    );
    commit.stop();
  });

  test('what cannot be written is kept whole, holds nobody up, and comes with the next that can', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let isFull = true;
    const { commit, errors, written } = setUp(() => isFull);
    await commit.add(work(1));
    await commit.add(work(2));
    assert.deepEqual(written(), []);
    assert.deepEqual(errors, [['disk full', 1]]);
    assert.throws(() => commit.flush(), /disk full/);
    isFull = false;
    commit.flush();
    assert.deepEqual(written(), [1, 2]);
    const added = commit.add(work(3));
    // Gathered for some milliseconds at most: not until the retry that is no longer needed.
    t.mock.timers.tick(5);
    await added;
    assert.deepEqual(written(), [1, 2, 3]);
    commit.stop();
  });

  test('the writer is told of what was rolled back, and of nothing that had not begun', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const database = new DatabaseSync(':memory:');
    let undone = 0;
    let isFull = true;
    const writer = {
      write: () => {
        if (isFull) throw new Error('disk full');
      },
      undone: () => void undone++,
    };
    const commit = new GroupCommit(database, writer, { onError: () => undefined });
    await commit.add(work(1));
    assert.equal(undone, 1);
    isFull = false;
    // No transaction inside of another: it does not begin.
    database.exec('BEGIN');
    assert.throws(() => commit.flush(), /transaction/);
    database.exec('ROLLBACK');
    commit.flush();
    assert.equal(undone, 1);
    commit.stop();
  });

  test('it tries again by itself', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let failures = 2;
    const { commit, errors, written } = setUp(() => failures-- > 0);
    await commit.add(work(1));
    t.mock.timers.tick(1000);
    assert.deepEqual([errors.length, written()], [2, []]);
    t.mock.timers.tick(1000);
    assert.deepEqual(written(), [1]);
    commit.stop();
  });

  test('a stopped one writes only when it is flushed, and tells those who wait', async () => {
    const { commit, written } = setUp();
    const added = commit.add(work(1));
    commit.stop();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(written(), []);
    commit.flush();
    await added;
    assert.deepEqual(written(), [1]);
  });

  test('a read of its own leaves nothing behind when it throws', () => {
    const { database, commit, written } = setUp();
    const failing = (): never => {
      database.exec('INSERT INTO written VALUES (7)');
      throw new Error('no');
    };
    assert.throws(() => commit.exclusively(failing), /no/);
    assert.equal(database.isTransaction, false);
    assert.deepEqual(written(), []);
    assert.equal(
      commit.exclusively(() => 5),
      5,
    );
  });
});
