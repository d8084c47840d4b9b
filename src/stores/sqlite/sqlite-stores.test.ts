import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountStoreContract } from '../../testing/contracts/account-store.ts';
import { ledgerStoreContract } from '../../testing/contracts/ledger-store.ts';
import { callRecord } from '../../testing/ledger-records.ts';
import { openSqliteStores } from './sqlite-stores.ts';

ledgerStoreContract('SQLite in memory', () => openSqliteStores(':memory:'));

const shared = mkdtempSync(join(tmpdir(), 'farthing-accounts-'));
let places = 0;
after(() => rmSync(shared, { recursive: true }));
accountStoreContract('SQLite in a file', () => {
  const file = join(shared, `accounts-${places++}.db`);
  return { open: (options) => openSqliteStores(file, options) };
});

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
    await openSqliteStores(file).close();
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('rows are written when `append` resolves', async () => {
    const file = path();
    const store = openSqliteStores(file);
    const record = callRecord();
    await store.ledger.append(record);
    const reader = openSqliteStores(file);
    assert.deepEqual(reader.ledger.call(record.id), record);
    await reader.close();
    await store.close();
  });

  test('what is written survives kill -9', async () => {
    const file = path();
    const module = new URL('./sqlite-stores.ts', import.meta.url).href;
    const records = new URL('../../testing/ledger-records.ts', import.meta.url).href;
    const script = `
      import { openSqliteStores } from ${JSON.stringify(module)};
      import { callRecord } from ${JSON.stringify(records)};
      const { ledger } = openSqliteStores(${JSON.stringify(file)});
      for (let call = 0; call < 100; call++) await ledger.append(callRecord());
      for (let call = 0; call < 100; call++) void ledger.append(callRecord());
      console.log('flushed');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openSqliteStores(file);
    assert.ok(store.ledger.report({}).totals.calls >= 100);
    await store.close();
  });

  test('a locked file loses nothing: rows wait in memory, and somebody is told', async () => {
    const file = path();
    const told: number[] = [];
    const store = openSqliteStores(file, {
      onError: () => told.push(1),
      lockTimeoutMs: 20,
    });
    const other = new DatabaseSync(file);
    other.exec('BEGIN EXCLUSIVE');
    void store.ledger.append(callRecord());
    for (let tries = 0; tries < 300 && told.length === 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(told.length > 0);
    await assert.rejects(store.ledger.flush());
    other.exec('ROLLBACK');
    other.close();
    await store.ledger.flush();
    assert.equal(store.ledger.report({}).totals.calls, 1);
    await store.close();
  });

  test('no call is written to a file that a newer version has taken over', async () => {
    const file = path();
    const told: string[] = [];
    const store = openSqliteStores(file, { onError: ({ message }) => told.push(message) });
    await store.ledger.append(callRecord());
    const newer = new DatabaseSync(file);
    const version = Number(newer.prepare('PRAGMA user_version').get()?.['user_version']);
    newer.exec(`PRAGMA user_version = ${version + 1}`);
    await store.ledger.append(callRecord());
    await assert.rejects(store.ledger.flush(), /newer Farthing .*upgrade this one too/);
    assert.match(told[0] ?? '', /newer Farthing/);
    assert.equal(store.ledger.report({}).totals.calls, 1);
    newer.exec(`PRAGMA user_version = ${version}`);
    newer.close();
    await store.ledger.flush();
    assert.equal(store.ledger.report({}).totals.calls, 2);
    await store.close();
  });

  test('a full disk loses nothing either', async () => {
    const file = path();
    const setup = openSqliteStores(file);
    await setup.close();
    const store = openSqliteStores(file, { onError: () => undefined, mostPages: 20 });
    for (let call = 0; call < 2000; call++) void store.ledger.append(callRecord());
    await assert.rejects(store.ledger.flush(), /full/);
    await assert.rejects(store.close(), /full/);
  });

  test('a file that is none, and one of a newer format, are refused in one line', () => {
    const file = path();
    writeFileSync(
      file,
      'this is no database, but it is long enough to be taken for one'.repeat(20),
    );
    assert.throws(() => openSqliteStores(file), {
      code: 'invalid_config',
      message: /Cannot open the ledger .*not a database/,
    });
    const newer = path();
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => openSqliteStores(newer), /newer Farthing \(format 99/);
    assert.throws(
      () => openSqliteStores(join(directory, 'no', 'such', 'folder.db')),
      /Cannot open the ledger/,
    );
  });
});
