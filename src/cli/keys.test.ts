import { after, before, describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWellFormed, secretHash } from '../stores/key-secret.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { main } from './main.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Issued {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly [field: string]: unknown;
}

let directory: string;
let files = 0;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'farthing-keys-'));
});
after(() => rmSync(directory, { recursive: true }));

/** Runs `farthing keys …` on a ledger of the test's own, with what it writes. */
function command(t: TestContext): (...words: string[]) => Promise<Ran> {
  const file = join(directory, `ledger-${files++}.db`);
  return async (...words) => {
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      const write = process[name].write.bind(process[name]);
      // What is no text is the test runner's own.
      t.mock.method(process[name], 'write', (text: string | Uint8Array) => {
        if (typeof text !== 'string') return write(text);
        written[name] += text;
        return true;
      });
    }
    try {
      const code = await main(['keys', ...words, '--data', file]);
      return { code, out: written.stdout, err: written.stderr };
    } finally {
      t.mock.restoreAll();
    }
  };
}

function readJson({ code, out, err }: Ran): unknown {
  assert.equal(code, 0, err);
  assert.equal(err, '');
  return JSON.parse(out);
}

interface Listed {
  readonly keys: readonly Record<string, unknown>[];
}

describe('farthing keys create', () => {
  test('--json answers id, name and key, and nothing else is written', async (t) => {
    const keys = command(t);
    const limits = ['--models', 'gpt-*, qwen3-8b', '--tasks', 'draft'];
    const tags = ['--tag', 'feature=x', '--tag', 'a=b=c'];
    const ran = await keys(
      'create',
      '--name',
      'team-a',
      ...limits,
      ...tags,
      '--expires',
      '2199-01-02',
      '--json',
    );
    const issued = readJson(ran) as Issued;
    assert.equal(issued.name, 'team-a');
    assert.ok(isWellFormed(issued.key));
    assert.match(issued.id, /^\w{26}$/);
    assert.equal(issued['prefix'], issued.key.slice(0, 7));
    const listed = (readJson(await keys('list', '--json')) as Listed).keys;
    const { key: _secret, ...shown } = issued;
    assert.deepEqual(listed, [shown]);
    assert.deepEqual(listed[0]?.['models'], ['gpt-*', 'qwen3-8b']);
    assert.deepEqual(listed[0]?.['tasks'], ['draft']);
    assert.deepEqual(listed[0]?.['tags'], { feature: 'x', a: 'b=c' });
    assert.equal(listed[0]?.['expires_at'], '2199-01-02T00:00:00.000Z');
  });

  test('the secret is shown once; lists and files do not have it', async (t) => {
    const keys = command(t);
    const { out } = await keys('create', '--name', 'team-a');
    const secret = /fk-[\w-]{47}/.exec(out)?.[0] ?? '';
    assert.ok(isWellFormed(secret));
    assert.equal(out.split(secret).length, 2);
    assert.match(out, /shown only now/);
    const hidden = secret.slice(7, 20);
    for (const words of [['list'], ['list', '--json'], ['revoke', 'team-a', '--json']]) {
      assert.ok(!(await keys(...words)).out.includes(hidden));
    }
    for (const file of readdirSync(directory)) {
      const path = join(directory, file);
      assert.equal(statSync(path).mode & 0o077, 0);
      assert.ok(!readFileSync(path, 'latin1').includes(hidden));
    }
  });

  test('what is wrong about the words exits with 2, a name that is taken with 1', async (t) => {
    const keys = command(t);
    for (const words of [
      [],
      ['--name', 'a', '--expires', 'soon'],
      ['--name', 'a', '--tag', 'x'],
      ['--name', 'a', '--models', ','],
      ['--name', 'a', '--nonsense'],
    ]) {
      const { code, out, err } = await keys('create', ...words);
      assert.equal(code, 2, words.join(' '));
      assert.equal(out, '');
      assert.notEqual(err, '');
    }
    assert.equal((await keys('create', '--name', 'a', '--expires', '2020-01-01')).code, 1);
    assert.equal((await keys('create', '--name', 'a')).code, 0);
    const again = await keys('create', '--name', 'a', '--json');
    assert.equal(again.code, 1);
    assert.equal(again.out, '');
    assert.match(again.err, /^The name "a" is taken\. A name is given once for ever/);
  });

  test('an expiry may be a time ahead', async (t) => {
    const keys = command(t);
    const from = Date.now();
    const issued = readJson(
      await keys('create', '-n', 'a', '--expires', '30d', '--json'),
    ) as Issued;
    const ahead = Date.parse(String(issued['expires_at'])) - 30 * 86_400_000;
    assert.ok(ahead >= from && ahead <= Date.now());
  });
});

describe('farthing keys list, revoke, rotate', () => {
  test('the table tells states', async (t) => {
    const keys = command(t);
    await keys('create', '--name', 'a', '--models', 'gpt-*', '--tag', 'x=y');
    await keys('create', '--name', 'b');
    await keys('revoke', 'b');
    const { out } = await keys('list');
    assert.match(out, /^a +\w{26} +fk-[\w-]{4}… +active +gpt-\* +all +x=y +never +never$/m);
    assert.match(out, /^b +\w{26} +fk-[\w-]{4}… +revoked +all +all +never +never$/m);
  });

  test('rotating ends the old secret at once, or after the grace', async (t) => {
    const file = join(directory, `ledger-${files}.db`);
    const keys = command(t);
    const first = readJson(await keys('create', '--name', 'a', '--json')) as Issued;
    const second = readJson(await keys('rotate', 'a', '--grace', '24h', '--json')) as Issued;
    const third = readJson(await keys('rotate', first.id, '--json')) as Issued;
    assert.equal(new Set([first.key, second.key, third.key]).size, 3);
    assert.equal(third.id, first.id);
    const grace = (issued: Issued): number =>
      Date.parse(String(issued['old_key_ends_at'])) - Date.parse(String(issued['rotated_at']));
    assert.deepEqual([grace(second), grace(third)], [24 * 3_600_000, 0]);
    const stores = openSqliteStores(file);
    const now = Date.now();
    for (const { key } of [first, second]) {
      assert.ok(((await stores.keys.find(secretHash(key)))?.validUntil ?? Infinity) <= now);
    }
    assert.equal((await stores.keys.find(secretHash(third.key)))?.validUntil, undefined);
    await stores.close();
  });

  test('an unknown key, and a ledger that is not there, exit with 1 and make nothing', async (t) => {
    const file = join(directory, `ledger-${files}.db`);
    const keys = command(t);
    for (const words of [['list'], ['revoke', 'a'], ['rotate', 'a']]) {
      const { code, out, err } = await keys(...words);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /There is no ledger at/);
      assert.ok(!existsSync(file));
    }
    const { key } = readJson(await keys('create', '--name', 'team-a', '--json')) as Issued;
    assert.match((await keys('revoke', 'team_a')).err, /Did you mean "team-a"\?/);
    const { code, err } = await keys('revoke', key);
    assert.equal(code, 1);
    assert.match(err, /not its secret/);
    assert.ok(!err.includes(key.slice(3, 10)));
  });

  test('every sub-command has help', async (t) => {
    const keys = command(t);
    for (const name of ['create', 'list', 'revoke', 'rotate']) {
      const { code, out } = await keys(name, '--help');
      assert.equal(code, 0);
      assert.match(out, /--json/);
    }
  });
});
