import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BIN = new URL('./bin.ts', import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with files in it, in which the command line is run. */
async function inFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  run: (farthing: (...words: string[]) => Promise<Ran>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'farthing-update-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const farthing = (...words: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const options = { cwd: folder, env: { PATH: process.env['PATH'] } };
      execFile(process.execPath, [BIN, 'prices', ...words], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  try {
    await run(farthing, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const own = JSON.stringify({
  _source: { list: 'ours', asOf: '2026-11-25' },
  rows: [
    { provider: 'openai', model: 'gpt-4o', rates: { input: 2, cacheRead: 1, output: 8 } },
    { provider: 'openai', model: 'gpt-next', rates: { input: 1, output: 2 } },
  ],
});

describe('farthing prices update', () => {
  test("takes Farthing's own form, tells the difference, and the price holds from that day", async () => {
    await inFolder({ 'list.json': own }, async (farthing, folder) => {
      const { code, stdout, stderr } = await farthing('update', 'list.json');
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      assert.match(stdout, /~ openai\/gpt-4o: input 2\.5 → 2, cacheRead 1\.25 → 1, output 10 → 8/);
      assert.match(stdout, /\+ openai\/gpt-next: 1 \/ 2/);
      assert.match(stdout, /1 changed, 1 added, 0 no longer listed, 0 confirmed/);
      assert.ok(existsSync(join(folder, 'farthing-prices.json')));
      const { stdout: shown } = await farthing('gpt-4o', '--provider', 'openai', '--json');
      const { prices } = JSON.parse(shown) as { prices: Record<string, unknown>[] };
      assert.deepEqual(
        prices.map(({ rule, from, until, source }) => ({ rule, from, until, source })),
        [
          {
            rule: 'openai/gpt-4o@2026-09-23',
            from: null,
            until: '2026-11-25T00:00:00.000Z',
            source: 'genai-prices 0.1.8; litellm 2026-08-01; models.dev 2026-07-02',
          },
          {
            rule: 'openai/gpt-4o@2026-11-25',
            from: '2026-11-25T00:00:00.000Z',
            until: null,
            source: 'ours',
          },
        ],
      );
    });
  });

  test('--dry-run writes nothing, --json is one document', async () => {
    await inFolder({ 'list.json': own }, async (farthing, folder) => {
      const { stdout } = await farthing('update', 'list.json', '--dry-run', '--json');
      const told = JSON.parse(stdout) as Record<string, unknown>;
      assert.equal(told['written'], false);
      assert.equal(told['as_of'], '2026-11-25');
      assert.deepEqual(told['changed'], [
        {
          provider: 'openai',
          model: 'gpt-4o',
          from: '2026-11-25',
          source: 'ours',
          differences: [
            { what: 'input', before: 2.5, after: 2 },
            { what: 'cacheRead', before: 1.25, after: 1 },
            { what: 'output', before: 10, after: 8 },
            { what: 'priority factor', before: 1.7, after: null },
          ],
        },
      ]);
      assert.equal(existsSync(join(folder, 'farthing-prices.json')), false);
    });
  });

  test("takes LiteLLM's list, packed, into the configured file; younger prices stay", async () => {
    const list = {
      'gpt-4o': {
        litellm_provider: 'openai',
        mode: 'chat',
        input_cost_per_token: 2e-6,
        output_cost_per_token: 8e-6,
      },
      'xai/grok-9': {
        litellm_provider: 'xai',
        mode: 'chat',
        input_cost_per_token: 1.4e-7,
        output_cost_per_token: 8e-6,
      },
      'dall-e-3': { litellm_provider: 'openai', mode: 'image_generation' },
    };
    const files = {
      'list.json.gz': gzipSync(JSON.stringify(list)),
      'farthing.yaml': 'prices: ./ours.json\nreference: not-known-yet\n',
    };
    await inFolder(files, async (farthing, folder) => {
      const words = ['update', '--from-litellm', 'list.json.gz', '--as-of', '2026-08-01', '--json'];
      const { stdout } = await farthing(...words);
      const told = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual(told['kept'], [
        {
          provider: 'openai',
          model: 'gpt-4o',
          reason: 'younger',
          as_of: '2026-09-23',
          differences: [
            { what: 'input', before: 2.5, after: 2 },
            { what: 'cacheRead', before: 1.25, after: 2 },
            { what: 'output', before: 10, after: 8 },
            { what: 'priority factor', before: 1.7, after: null },
          ],
        },
      ]);
      assert.deepEqual(told['left_out'], [
        { name: 'openai/dall-e-3', reason: 'a model for image generation' },
      ]);
      const text = readFileSync(join(folder, 'ours.json'), 'utf8');
      const { rows } = JSON.parse(text) as { rows: unknown[] };
      assert.deepEqual(rows, [
        {
          provider: 'xai',
          model: 'grok-9',
          rates: { input: 0.14, output: 8 },
          source: 'litellm',
          asOf: '2026-08-01',
        },
      ]);
    });
  });

  test("takes models.dev's list", async () => {
    const model = {
      id: 'grok-9',
      cost: { input: 3, output: 9 },
      last_updated: '2026-11-20',
      modalities: { output: ['text'] },
    };
    const list = JSON.stringify({ xai: { models: { 'grok-9': model } } });
    await inFolder({ 'api.json': list }, async (farthing) => {
      const { stdout } = await farthing('update', '--from-models-dev', 'api.json');
      assert.match(stdout, /^1 prices of models\.dev, as of 2026-11-20\./);
      assert.match(stdout, /\+ xai\/grok-9: 3 \/ 9/);
      assert.match(stdout, /- xai\/grok-[\w.-]+: not in the list; its last price holds/);
    });
  });

  test('an absurd price changes nothing', async () => {
    const rows = [{ provider: 'openai', model: 'gpt-4o', rates: { input: 2.5e-6, output: 1e-5 } }];
    await inFolder({ 'list.json': JSON.stringify({ rows }) }, async (farthing, folder) => {
      const { code, stdout, stderr } = await farthing('update', 'list.json', '--json');
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
      assert.match(
        stderr,
        /openai\/gpt-4o: input is 0\.0000025; that looks like a price per token/,
      );
      assert.equal(existsSync(join(folder, 'farthing-prices.json')), false);
    });
  });

  test('wrong use exits with 2 and says what would be right', async () => {
    await inFolder({ 'list.json': own }, async (farthing) => {
      const cases: [string[], RegExp][] = [
        [[], /name one list/],
        [['list.json', '--from-litellm', 'list.json'], /name one list/],
        [['list.json', '--as-of', 'today'], /--as-of takes a date such as/],
        [['list.json', '--as-of', '2999-01-01'], /still to come/],
      ];
      for (const [words, message] of cases) {
        const { code, stdout, stderr } = await farthing('update', ...words);
        assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, words.join(' '));
        assert.match(stderr, message);
      }
    });
  });
});
