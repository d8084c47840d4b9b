import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { callRecord } from '../testing/ledger-records.ts';

const BIN = join(import.meta.dirname, 'bin.ts');
const CALLS = 2_000;
const START = Date.UTC(2026, 10, 1);

describe('farthing export', () => {
  let directory: string;
  let data: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-export-'));
    data = join(directory, 'ledger.db');
    const stores = openSqliteStores(data);
    for (let call = 0; call < CALLS; call++)
      void stores.ledger.append(callRecord({ startedAt: START + call }));
    await stores.close();
  });
  after(() => rmSync(directory, { recursive: true }));

  const run = (...words: string[]) =>
    spawnSync(process.execPath, [BIN, 'export', ...words, '--data', data], {
      cwd: directory,
      encoding: 'utf8',
    });

  test('writes to standard output, whole, and nothing else', () => {
    const { status, stdout, stderr } = run('--format', 'csv');
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trimEnd().split('\r\n').length, CALLS + 1);
  });

  test('of a period', () => {
    const until = new Date(START + 3).toISOString();
    const { stdout } = run('--format', 'jsonl', '--since', '2026-11-01', '--until', until);
    assert.equal(stdout.trimEnd().split('\n').length, 3);
  });

  test('writes to a file that only its owner can read, and says so', () => {
    const out = join(directory, 'calls.csv');
    const { status, stdout, stderr } = run('-f', 'csv', '--by', 'call', '--out', out, '--json');
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      format: 'csv',
      out,
      calls: CALLS,
      cost_nano_usd: CALLS * 1000,
    });
    assert.equal(readFileSync(out, 'utf8').trimEnd().split('\r\n').length, CALLS + 1);
    assert.equal(statSync(out).mode & 0o777, 0o600);
  });

  test('ends quietly when its reader has enough', async () => {
    const child = spawn(process.execPath, [BIN, 'export', '-f', 'jsonl', '--data', data]);
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.equal(said, '');
  });

  test('refuses wrong use with 2, and says what is wrong with the rest', () => {
    for (const words of [
      ['--format', 'xml'],
      [],
      ['-f', 'focus', '--by', 'call'],
      ['-f', 'csv', '--by', 'day'],
      ['-f', 'csv', '--json'],
    ]) {
      const { status, stdout, stderr } = run(...words);
      assert.equal(status, 2, words.join(' '));
      assert.match(stderr, /^error: .*\n$/);
      assert.equal(stdout, '');
    }
    assert.match(run('-f', 'csv', '--since', 'yore').stderr, /--since takes a date/);
    const nowhere = join(directory, 'no', 'such', 'folder.csv');
    const { status, stderr } = run('-f', 'csv', '--out', nowhere);
    assert.equal(status, 1);
    assert.match(stderr, /^Cannot write .*ENOENT.*\n$/);
  });
});
