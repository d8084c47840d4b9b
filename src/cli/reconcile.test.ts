import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_TOKENS } from '../pricing/usage.ts';
import { makeZip } from '../reconcile/__fixtures__/make-zip.ts';
import type { AttemptRecord } from '../stores/ledger-store.ts';
import { openSqliteStores } from '../stores/sqlite/sqlite-stores.ts';
import { attemptRecord, callRecord } from '../testing/ledger-records.ts';

const DOLLAR = 1_000_000_000;
const NOV_1 = 1_793_491_200;
const DAY = 86_400;

interface Document {
  readonly totals: Readonly<Record<string, number | string | null>>;
  readonly bills: readonly { readonly provider: string; readonly notes: readonly string[] }[];
  readonly rows: readonly (Readonly<Record<string, number | string | null>> & {
    readonly reason: { readonly code: string; readonly text: string } | null;
  })[];
  readonly exceeded: boolean;
}

describe('farthing reconcile', () => {
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-reconcile-'));
    const stores = openSqliteStores(join(directory, 'ledger.db'));
    const append = (time: string, more: Partial<AttemptRecord>): void => {
      const startedAt = Date.parse(time);
      const attempts = [attemptRecord({ startedAt, ...more })];
      void stores.ledger.append(callRecord({ startedAt, attempts }));
    };
    const tokens = { ...NO_TOKENS, input: 1000, output: 100 };
    append('2026-11-01T10:00:00Z', {
      modelId: 'gpt-4o',
      answeredBy: 'gpt-4o-2024-08-06',
      tokens,
      costNano: 2 * DOLLAR,
    });
    append('2026-11-02T10:00:00Z', {
      modelId: 'gpt-4o',
      answeredBy: 'gpt-4o-2024-08-06',
      tokens,
      costNano: 2 * DOLLAR,
    });
    append('2026-11-02T11:00:00Z', { modelId: 'gpt-4o-mini', tokens, costNano: DOLLAR });
    append('2026-11-09T11:00:00Z', { modelId: 'gpt-4o-mini', tokens, costNano: DOLLAR });
    append('2026-11-01T17:00:00Z', {
      provider: 'my-deepseek',
      modelId: 'deepseek-flash',
      tokens,
      costNano: 3 * DOLLAR,
    });
    await stores.close();

    const bucket = (start: number, results: readonly object[]): object => ({
      object: 'bucket',
      start_time: start,
      end_time: start + DAY,
      results,
    });
    const cost = (item: string, value: number): object => ({
      object: 'organization.costs.result',
      amount: { value, currency: 'usd' },
      line_item: item,
    });
    const usage = (model: string, requests: number): object => ({
      object: 'organization.usage.completions.result',
      model,
      num_model_requests: requests,
      input_tokens: 1000 * requests,
      output_tokens: 100 * requests,
    });
    const write = (name: string, ...data: object[]): void =>
      writeFileSync(
        join(directory, name),
        JSON.stringify({ object: 'page', data, has_more: false }),
      );
    write(
      'costs.json',
      bucket(NOV_1, [
        cost('gpt-4o-2024-08-06, input', 1.5),
        cost('gpt-4o-2024-08-06, output', 0.5),
      ]),
      bucket(NOV_1 + DAY, [cost('gpt-4o-2024-08-06, input', 4), cost('gpt-4o-mini, output', 1)]),
      bucket(NOV_1 + 2 * DAY, []),
    );
    write(
      'usage.json',
      bucket(NOV_1, [usage('gpt-4o-2024-08-06', 1)]),
      bucket(NOV_1 + DAY, [usage('gpt-4o-2024-08-06', 2), usage('gpt-4o-mini-2024-07-18', 1)]),
    );
    const times = '2026-11-02T00:00:00+08:00,2026-11-03T00:00:00+08:00,deepseek-flash';
    writeFileSync(
      join(directory, 'deepseek.zip'),
      makeZip({
        'amount.csv': `user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount\r\nu,${times},k,s,request_count,,1\r\n`,
        'cost.csv': `user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency\r\nu,${times},Paid,3.00,USD\r\n`,
      }),
    );
    writeFileSync(
      join(directory, 'hosts.yaml'),
      'providers: { my-deepseek: { host: deepseek, key: k } }\n',
    );
    writeFileSync(join(directory, 'other.csv'), 'a,b\n1,2\n');
  });
  after(() => rmSync(directory, { recursive: true }));

  interface Result {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }

  function farthing(...words: string[]): Promise<Result> {
    const bin = new URL('./bin.ts', import.meta.url).pathname;
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [bin, 'reconcile', '--data', 'ledger.db', ...words],
        { cwd: directory },
        (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  test('by day and model: drift, coverage and reason, as one document', async () => {
    const { code, stdout, stderr } = await farthing('costs.json', 'usage.json', '--json');
    assert.equal(stderr, '');
    assert.equal(code, 0);
    const { totals, bills, rows, exceeded } = JSON.parse(stdout) as Document;
    assert.deepEqual(totals, {
      billed_nano_usd: 7 * DOLLAR,
      ledger_nano_usd: 5 * DOLLAR,
      drift_nano_usd: -2 * DOLLAR,
      drift_share: -2 / 7,
      coverage: 3 / 4,
      coverage_by: 'requests',
    });
    assert.equal(exceeded, false);
    assert.equal(bills[0]?.provider, 'openai');
    assert.deepEqual(
      rows.map((row) => [row['day'], row['model'], row['drift_nano_usd'], row.reason?.code]),
      [
        ['2026-11-01', 'gpt-4o-2024-08-06', 0, undefined],
        ['2026-11-02', 'gpt-4o-2024-08-06', -2 * DOLLAR, 'outside-gateway'],
        ['2026-11-02', 'gpt-4o-mini', 0, undefined],
      ],
    );
  });

  test('as a table', async () => {
    const { stdout } = await farthing('costs.json', 'usage.json');
    const lines = stdout.split('\n');
    assert.equal(
      lines[0],
      'openai, 2026-11-01 to 2026-11-03 (UTC): OpenAI costs API, OpenAI usage API',
    );
    assert.match(
      lines.find((text) => text.includes('-50.00 %')) ?? '',
      /^2026-11-02 +gpt-4o-2024-08-06 +\$4\.0000 +\$2\.0000 +-\$2\.0000 +-50\.00 % +50\.0 % +calls outside the gateway: 50\.0 % of the requests/,
    );
    assert.match(stdout, /\ntotal +\$7\.0000 +\$5\.0000 +-\$2\.0000 +-28\.57 % +75\.0 %\n/);
  });

  test('--fail-above exits with 2, a document all the same', async () => {
    const above = await farthing('costs.json', '--fail-above', '1%', '--json');
    assert.equal(above.code, 2);
    assert.equal((JSON.parse(above.stdout) as Document).exceeded, true);
    assert.equal((await farthing('costs.json', '--fail-above', '$2')).code, 0);
    assert.equal((await farthing('costs.json', '--fail-above', '30%')).code, 0);
    assert.equal((await farthing('costs.json', '--fail-above', '30%', '--each')).code, 2);
    const untold = await farthing('usage.json', '--fail-above', '1%');
    assert.equal(untold.code, 1);
    assert.match(untold.stderr, /no costs in dollars/);
  });

  test('days outside the period are left out', async () => {
    const { stdout } = await farthing('costs.json', '--until', '2026-11-02', '--json');
    assert.equal((JSON.parse(stdout) as Document).totals['drift_nano_usd'], 0);
  });

  test("the ledger's provider by its host, by name, or told what there is", async () => {
    for (const words of [
      ['--provider', 'my-deepseek'],
      ['--config', 'hosts.yaml'],
    ]) {
      const { stdout } = await farthing('deepseek.zip', '--json', ...words);
      assert.deepEqual(
        (JSON.parse(stdout) as Document).rows.map((row) => [
          row['day'],
          row['coverage'],
          row['drift_nano_usd'],
        ]),
        // 17:00 UTC is the next day at +08:00.
        [['2026-11-02', 1, 0]],
      );
    }
    const wrong = await farthing('deepseek.zip', '--json');
    const { bills, rows } = JSON.parse(wrong.stdout) as Document;
    assert.equal(rows[0]?.reason?.code, 'not-in-ledger');
    assert.match(bills[0]?.notes.join() ?? '', /it has my-deepseek, openai: --provider tells/);
    const two = await farthing('deepseek.zip', 'costs.json', '--provider', 'openai');
    assert.match(two.stderr, /^The files are bills of deepseek and openai/);
  });

  test('wrong use and wrong files', async () => {
    const unknown = await farthing('other.csv', '--json');
    assert.equal(unknown.code, 1);
    assert.equal(unknown.stdout, '');
    assert.match(unknown.stderr, /^other\.csv is no export that Farthing knows\. It reads: OpenAI/);
    assert.match((await farthing('missing.json')).stderr, /^Cannot read missing\.json: ENOENT/);
    assert.match((await farthing('costs.json', '--since', '2027-01-01')).stderr, /no days in this/);
    assert.equal((await farthing('costs.json', '--fail-above', '5')).code, 2);
    assert.equal((await farthing('costs.json', '--since', '7d')).code, 2);
    assert.equal((await farthing()).code, 2);
    const noLedger = await farthing('costs.json', '--data', 'other.csv');
    assert.match(
      noLedger.stderr,
      /^Cannot open the ledger other\.csv: file is not a database\.\n$/,
    );
  });
});
