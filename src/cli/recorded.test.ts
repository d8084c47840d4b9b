import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(import.meta.dirname, 'bin.ts');

describe('farthing recorded', () => {
  let directory = '';
  let file = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-recorded-'));
    file = join(directory, 'sums.jsonl');
    const line = JSON.stringify({
      id: 'sums/1',
      task: 'sums',
      messages: [{ role: 'user', content: 'Two and two?' }],
      answers: { tiny: { text: '4', correct: true, input_tokens: 9, output_tokens: 1 } },
    });
    writeFileSync(file, `${line}\n${line}\n`);
  });
  after(() => rmSync(directory, { recursive: true }));

  const run = (...words: string[]) =>
    spawnSync(process.execPath, [BIN, 'recorded', ...words], { encoding: 'utf8' });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`says what it serves, and ends at ${signal}`, async () => {
      const child = spawn(process.execPath, [BIN, 'recorded', file, '--port', '0']);
      const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
      const said = String(bytes);
      const url = /on (http:\S+)/.exec(said)?.[1] ?? '';
      assert.match(said, /to 1 prompts on http/);
      assert.match(said, /Models: tiny\n/);
      assert.match(said, /more than once: 1; the first counts/);
      assert.ok(said.includes(`export OPENAI_BASE_URL=${url} OPENAI_API_KEY=none`));
      assert.equal((await fetch(`${url}/models`)).status, 200);
      const ended = once(child, 'exit');
      child.kill(signal);
      assert.deepEqual(await ended, [0, null]);
    });
  }

  test('fails in one line where a file is missing or wrong', () => {
    const missing = run(join(directory, 'none.jsonl'), '--port', '0');
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /^Cannot read .*none\.jsonl: there is no such file\.\n$/);
    const wrong = join(directory, 'wrong.jsonl');
    writeFileSync(wrong, '{"id":1}\n');
    const { status, stderr, stdout } = run(wrong, '--port', '0');
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^.*wrong\.jsonl:1: "messages" must be .*\n$/);
  });

  test('wrong use is exit 2', () => {
    for (const words of [[], [file, '--port', '65536'], [file, '--latency-ms', '-1']]) {
      assert.equal(run(...words).status, 2, words.join(' '));
    }
  });
});
