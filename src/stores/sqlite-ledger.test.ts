import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callRecord, ledgerStoreContract } from '../testing/contracts/ledger-store.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

ledgerStoreContract('SQLite in memory', () => openSqliteLedger(':memory:'));

describe('SQLite in a file', () => {
  let directory: string;
  let files = 0;
  const path = (): string => join(directory, `ledger-${files++}.db`);
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-ledger-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('only its owner can read it', async () => {
    const file = path();
    await openSqliteLedger(file).close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('rows are written some milliseconds after they were appended', async () => {
    const file = path();
    const store = openSqliteLedger(file, { commitAfterMs: 1 });
    const record = callRecord();
    store.append(record);
    const reader = openSqliteLedger(file);
    for (let tries = 0; tries < 500 && reader.call(record.id) === undefined; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.deepEqual(reader.call(record.id), record);
    await reader.close();
    await store.close();
  });

  test('what is flushed survives kill -9', async () => {
    const file = path();
    const module = new URL('./sqlite-ledger.ts', import.meta.url).href;
    const contract = new URL('../testing/contracts/ledger-store.ts', import.meta.url).href;
    const script = `
      import { openSqliteLedger } from ${JSON.stringify(module)};
      import { callRecord } from ${JSON.stringify(contract)};
      const store = openSqliteLedger(${JSON.stringify(file)});
      for (let call = 0; call < 100; call++) store.append(callRecord());
      await store.flush();
      for (let call = 0; call < 100; call++) store.append(callRecord());
      console.log('flushed');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openSqliteLedger(file);
    assert.ok(store.report({}).totals.calls >= 100);
    await store.close();
  });

  test('a locked file loses nothing: rows wait in memory, and somebody is told', async () => {
    const file = path();
    const told: number[] = [];
    const store = openSqliteLedger(file, {
      commitAfterMs: 1,
      onError: () => told.push(1),
      lockTimeoutMs: 20,
    });
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    store.append(callRecord());
    for (let tries = 0; tries < 300 && told.length === 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(told.length > 0);
    await assert.rejects(store.flush());
    other.exec('ROLLBACK');
    other.close();
    await store.flush();
    assert.equal(store.report({}).totals.calls, 1);
    await store.close();
  });

  test('a full disk loses nothing either', async () => {
    const file = path();
    const setup = openSqliteLedger(file);
    await setup.close();
    const store = openSqliteLedger(file, { onError: () => undefined, mostPages: 20 });
    for (let call = 0; call < 2000; call++) store.append(callRecord());
    await assert.rejects(store.flush(), /full/);
    await assert.rejects(store.close(), /full/);
  });

  test('a file that is none, and one of a newer format, are refused in one line', () => {
    const file = path();
    writeFileSync(
      file,
      'this is no database, but it is long enough to be taken for one'.repeat(20),
    );
    assert.throws(() => openSqliteLedger(file), {
      code: 'invalid_config',
      message: /Cannot open the ledger .*not a database/,
    });
    const newer = path();
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => openSqliteLedger(newer), /newer Farthing \(format 99/);
    assert.throws(
      () => openSqliteLedger(join(directory, 'no', 'such', 'folder.db')),
      /Cannot open the ledger/,
    );
  });
});
