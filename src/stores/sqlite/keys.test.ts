import { test } from 'node:test';
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { keyStoreContract } from '../../testing/contracts/key-store.ts';
import { SqliteKeys } from './keys.ts';
import { KEY_TABLES } from './keys-schema.ts';

function database(): DatabaseSync {
  const made = new DatabaseSync(':memory:');
  made.exec(KEY_TABLES);
  return made;
}

keyStoreContract('SQLite', (now) => new SqliteKeys(database(), now));

test('no secret is anywhere in the tables', async () => {
  const made = database();
  const store = new SqliteKeys(made);
  const first = await store.create({ name: 'a' });
  const second = await store.rotate('a', 1000);
  const rows = ['keys', 'key_secrets', 'key_changes'].map((table) =>
    made.prepare(`SELECT * FROM ${table}`).all(),
  );
  const text = JSON.stringify(rows);
  assert.ok(text.includes(second.key.prefix));
  // Beyond the part that lists show.
  for (const { secret } of [first, second]) assert.ok(!text.includes(secret.slice(7, 15)));
});
