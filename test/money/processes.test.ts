/** Budgets over several processes, and over processes that are killed. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeUpstream, startFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { call, endProcess, startGatewayProcess, writeConfig } from './gateway-process.ts';

/** Of the fake's usual answer at `small`: 12 prompt and 5 answer tokens or so; asked for, not assumed. */
async function costOfOne(upstream: FakeUpstream, directory: string): Promise<number> {
  const gateway = await startGatewayProcess(writeConfig(directory, upstream.url));
  const response = await call(gateway.url);
  const cost = Number(response?.headers.get('x-farthing-cost-usd')) * 1e9;
  await endProcess(gateway, 'SIGTERM');
  return Math.round(cost);
}

interface Books {
  readonly rows: number;
  readonly cost: number;
  readonly rolledUp: number;
  readonly used: number;
  readonly leased: number;
}

/** What the file says, read by SQL of the test's own. */
function booksOf(directory: string): Books {
  const database = new DatabaseSync(join(directory, 'ledger.db'), { readOnly: true });
  const one = (sql: string): number => Number(database.prepare(sql).get()?.['n'] ?? 0);
  const books = {
    rows: one('SELECT count(*) AS n FROM calls'),
    cost: one('SELECT sum(cost_nano) AS n FROM attempts'),
    rolledUp: one("SELECT sum(cost_nano) AS n FROM rollups WHERE span = 'hour' AND tag = ''"),
    used: one('SELECT sum(used) AS n FROM usage'),
    leased: one(`SELECT sum(amount) AS n FROM leases WHERE until > ${Date.now()}`),
  };
  database.close();
  return books;
}

describe('several processes, and trouble', () => {
  let directory: string;
  let upstream: FakeUpstream;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-processes-'));
    upstream = await startFakeUpstream();
  });
  after(async () => {
    await upstream.close();
    rmSync(directory, { recursive: true });
  });

  test('21: 500 calls at once at four processes on one file: exactly what fits is served', async () => {
    const one = await costOfOne(upstream, mkdtempSync(join(directory, 'one-')));
    const shared = mkdtempSync(join(directory, 'four-'));
    const config = writeConfig(
      shared,
      upstream.url,
      `budgets:\n  - { usd: ${(one * 100) / 1e9}, per: day }`,
    );
    const gateways = await Promise.all([1, 2, 3, 4].map(async () => startGatewayProcess(config)));
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => call(gateways[index % 4]?.url ?? '')),
    );
    const served = answers.filter((answer) => answer?.status === 200).length;
    const refused = answers.filter((answer) => answer?.status === 429).length;
    for (const gateway of gateways) await endProcess(gateway, 'SIGTERM');
    assert.deepEqual([served, refused], [100, 400]);
    const books = booksOf(shared);
    assert.equal(books.cost, one * 100);
    assert.equal(books.used, books.cost);
    assert.equal(books.rolledUp, books.cost);
    assert.equal(books.leased, 0);
  });

  test('a locked ledger: a hard budget holds calls back until it can be read, nothing is lost', async () => {
    const file = mkdtempSync(join(directory, 'locked-'));
    const config = writeConfig(file, upstream.url, 'budgets:\n  - { usd: 1, per: day }');
    const gateway = await startGatewayProcess(config);
    const other = new DatabaseSync(join(file, 'ledger.db'));
    other.exec('BEGIN EXCLUSIVE');
    const waiting = Promise.all([1, 2, 3].map(async () => call(gateway.url)));
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 700))]);
    assert.equal(first, undefined);
    other.exec('ROLLBACK');
    other.close();
    const answers = await waiting;
    assert.deepEqual(
      answers.map((answer) => answer?.status),
      [200, 200, 200],
    );
    await endProcess(gateway, 'SIGTERM');
    const books = booksOf(file);
    assert.equal(books.rows, 3);
    assert.equal(books.used, books.cost);
  });

  test('a budget that is new starts with what was spent in its period before', async () => {
    const file = mkdtempSync(join(directory, 'new-'));
    const earlier = await startGatewayProcess(writeConfig(file, upstream.url));
    const first = await call(earlier.url);
    const one = Number(first?.headers.get('x-farthing-cost-usd'));
    await call(earlier.url);
    await endProcess(earlier, 'SIGTERM');
    const budgets = `budgets:\n  - { usd: ${3 * one}, per: year }`;
    const gateway = await startGatewayProcess(writeConfig(file, upstream.url, budgets));
    const answers = [await call(gateway.url), await call(gateway.url)];
    assert.deepEqual(
      answers.map((answer) => answer?.status),
      [200, 429],
    );
    await endProcess(gateway, 'SIGTERM');
  });

  test('22: killed 50 times under load: no answered call is lost, budgets are the sum of the rows', async () => {
    const file = mkdtempSync(join(directory, 'kill-'));
    const config = writeConfig(
      file,
      upstream.url,
      'budgets:\n  - { usd: 1000, per: month }\n  - { match: { user: "*" }, usd: 1000, per: 1h }',
    );
    const answered = new Set<string>();
    for (let round = 0; round < 50; round++) {
      const gateway = await startGatewayProcess(config);
      const load = { isRunning: true };
      const client = async (name: number): Promise<void> => {
        while (load.isRunning) {
          const stream = Math.random() < 0.3;
          const response = await call(gateway.url, { user: `u${name}`, stream });
          const text = await response?.text().catch(() => undefined);
          const id = response?.headers.get('x-farthing-id');
          const whole = stream ? text?.includes('[DONE]') : text !== undefined;
          if (response?.status === 200 && whole === true && id) answered.add(id);
        }
      };
      const clients = Array.from({ length: 8 }, async (_, name) => client(name));
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 180));
      await endProcess(gateway, 'SIGKILL');
      load.isRunning = false;
      await Promise.all(clients);
    }
    assert.ok(answered.size > 200, `only ${answered.size} calls were answered`);
    // One more start and stop: what the killed ones left is put in order.
    await endProcess(await startGatewayProcess(config), 'SIGTERM');
    const database = new DatabaseSync(join(file, 'ledger.db'), { readOnly: true });
    const known = database.prepare('SELECT id FROM calls').all();
    database.close();
    const ids = new Set(known.map(({ id }) => String(id)));
    const lost = [...answered].filter((id) => !ids.has(id));
    assert.deepEqual(lost, [], `${lost.length} of ${answered.size} answered calls have no row`);
    const books = booksOf(file);
    assert.equal(books.rolledUp, books.cost);
    // Each call is charged to two budgets.
    assert.equal(books.used, 2 * books.cost);
  });
});
