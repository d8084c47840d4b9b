import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { callRecord } from '../../testing/ledger-records.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteLedger } from './ledger.ts';
import { readReport } from './read-report.ts';
import { openSqliteStores } from './sqlite-stores.ts';

const NOON = Date.parse('2026-11-25T12:00:00Z');

/** A database in which something happens before each statement. */
class Disturbed extends DatabaseSync {
  onPrepare: () => void = () => undefined;

  override prepare(sql: string): StatementSync {
    this.onPrepare();
    return super.prepare(sql);
  }
}

test('a report adds up while another process writes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-report-'));
  const file = join(directory, 'ledger.db');
  await openSqliteStores(file).close();
  const writing = new DatabaseSync(file);
  const nothing = { write: () => undefined, undone: () => undefined };
  const ledger = new SqliteLedger(writing, new GroupCommit(writing, nothing, {}));
  let written = 0;
  const write = (): void => {
    const place = { startedAt: NOON + 1000 * written++, tags: { feature: `f${written % 3}` } };
    ledger.write([callRecord({ ...place, arm: 'treated' })]);
  };
  write();
  const reading = new Disturbed(file);
  reading.onPrepare = write;
  // All of time from rollups, and half an hour from the calls.
  for (const period of [{}, { since: NOON - 600_000, until: NOON + 1_200_000 }]) {
    for (const by of ['tag:feature', 'tag', 'task', 'day'] as const) {
      const before = written;
      const { totals, rows, arms } = readReport(reading, { by, ...period });
      assert.ok(written > before + 1);
      const sum = rows.reduce((calls, row) => calls + row.calls, 0);
      assert.equal(sum, totals.calls, by);
      assert.equal(arms[0]?.calls, totals.calls, by);
    }
  }
  reading.close();
  writing.close();
  rmSync(directory, { recursive: true });
});
