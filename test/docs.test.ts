/** What the docs show works: every YAML block loads, every command runs. */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseConfig } from '../src/config/load.ts';
import { openSqliteStores } from '../src/stores/sqlite/sqlite-stores.ts';
import { callRecord } from '../src/testing/ledger-records.ts';

const ROOT = join(import.meta.dirname, '..');
const FILES = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })];

function blocks(file: string, language: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter(([, found]) => found === language)
    .map(([, , content = '']) => content);
}

const environment = { OPENAI_API_KEY: 'k', GLOBAL_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' };

/** Commands of shell blocks, without comments. */
const commands = (file: string): string[] =>
  blocks(file, 'sh').flatMap((block) =>
    block
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter((line) => line !== ''),
  );

describe('docs', () => {
  for (const file of FILES) {
    for (const [index, yaml] of blocks(file, 'yaml').entries()) {
      test(`${file}: YAML ${index + 1} loads`, async () => {
        await parseConfig(yaml, { environment });
      });
    }
  }

  test('every npm command that is shown is a script of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const shown = FILES.flatMap(commands).flatMap((line) =>
      [...line.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name),
    );
    assert.ok(shown.length > 3);
    for (const name of shown) assert.ok(scripts[name] !== undefined, name);
  });

  test('every farthing command that is shown is known, with its options', async () => {
    const { main } = await import('../src/cli/main.ts');
    const shown = FILES.flatMap(commands)
      .map((line) => /(?:npm run -s farthing --|npx farthing)\s+(.*)$/.exec(line)?.[1])
      .filter((words) => words !== undefined);
    assert.ok(shown.length > 2);
    const write = process.stdout.write.bind(process.stdout);
    for (const words of shown) {
      // With --help a command reads its options and does nothing else.
      process.stdout.write = () => true;
      try {
        assert.equal(await main([...words.split(/\s+/), '--help']), 0, words);
      } finally {
        process.stdout.write = write;
      }
    }
  });

  test('every query of the ledger that is shown finds what is there', async () => {
    const shown = FILES.flatMap((file) => blocks(file, 'sh')).flatMap((block) =>
      [...block.matchAll(/sqlite3 farthing\.db "([^"]*)"/g)].map(([, query = '']) => query),
    );
    assert.ok(shown.length > 1);
    const folder = mkdtempSync(join(tmpdir(), 'farthing-docs-'));
    const file = join(folder, 'ledger.db');
    const stores = openSqliteStores(file);
    await stores.ledger.append(callRecord());
    await stores.close();
    const database = new DatabaseSync(file, { readOnly: true });
    for (const query of shown) assert.equal(database.prepare(query).all().length, 1, query);
    database.close();
    rmSync(folder, { recursive: true });
  });

  test('every file that is linked exists', () => {
    for (const file of [...FILES, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
      const text = readFileSync(join(ROOT, file), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
        assert.ok(globSync(join(ROOT, folder, target)).length > 0, `${file} links ${target}`);
      }
    }
  });

  test("the design's example configuration loads as it stands", async () => {
    const config = await parseConfig(
      `
reference: gpt-4o
providers:
  openai:    { dialect: openai, key: "\${OPENAI_API_KEY}" }
  global:    { dialect: openai, url: "https://global-apis.com/v1", key: "\${GLOBAL_API_KEY}" }
  anthropic: { dialect: anthropic, key: "\${ANTHROPIC_API_KEY}" }
models:
  qwen3-8b: { provider: global, id: Qwen/Qwen3-8B, price: { input: 0.01, output: 0.01 } }
  gpt-4o:   { provider: openai }
tasks:
  draft:
    match: { system: "You write project proposals*" }
    tiers:
      - { model: qwen3-8b, accept: [complete, not-refusal, { min-length: 200 }, { mentions: client }] }
      - { model: gpt-4o }
    max-cost: 0.50
`,
      { environment },
    );
    assert.equal(config.tasks.get('draft')?.maxCostNano, 500_000_000);
    assert.equal(config.reference?.name, 'gpt-4o');
  });
});
