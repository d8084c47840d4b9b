/** The command as a process: start, drain, the sandbox, every command of the README. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, startFakeUpstream } from '../../src/testing/fake-upstream.ts';

const BIN = join(import.meta.dirname, '../../src/cli/bin.ts');
/** No key of whoever runs the tests. */
const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'farthing-process-'));
});
after(() => rmSync(directory, { recursive: true }));

const run = (...words: string[]) =>
  spawnSync(process.execPath, [BIN, ...words], { cwd: directory, env, encoding: 'utf8' });

async function serve(...words: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    [BIN, 'serve', '--listen', '127.0.0.1:0', '--json', ...words],
    { cwd: directory, env },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: (JSON.parse(String(line)) as { url: string }).url };
}

async function end(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGTERM');
  return (await ended)[0];
}

const ask = async (url: string, body: object) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('an open gateway is for this machine alone, unless the file says otherwise', async () => {
  const config = (keys: string): string => {
    const file = join(directory, `open${keys === '' ? '' : '-none'}.yaml`);
    writeFileSync(file, `data: ":memory:"\nproviders: { openai: { key: k } }\n${keys}`);
    return file;
  };
  const refused = run('serve', '--config', config(''), '--listen', '0.0.0.0:0');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /keys: required.*keys: none/s);
  const { child } = await serve('--config', config('keys: none\n'), '--listen', '0.0.0.0:0');
  assert.equal(await end(child), 0);
});

describe('the sandbox', () => {
  test('answers without a key, labelled, and the report adds up', async () => {
    const { child, url } = await serve();
    for (let call = 0; call < 12; call++) {
      const response = await ask(url, {
        model: 'gpt-4o',
        messages: [
          { role: 'system', content: 'You write project proposals.' },
          { role: 'user', content: `Client: Northwind Ltd. Logo number ${call}, please.` },
        ],
      });
      const { choices } = (await response.json()) as {
        choices: { message: { content: string } }[];
      };
      assert.match(choices[0]?.message.content ?? '', /simulated/);
      assert.match(choices[0]?.message.content ?? '', /Northwind/);
      assert.equal(response.headers.get('x-farthing-task'), 'draft');
    }
    assert.equal(await end(child), 0);
    const { stdout, status } = run('report', '--json');
    assert.equal(status, 0);
    const report = JSON.parse(stdout) as {
      totals: Record<string, number>;
      rows: Record<string, number | string>[];
    };
    assert.equal(report.totals['calls'], 12);
    assert.ok((report.totals['escalations'] ?? 0) > 0, 'the small model fails on some');
    assert.equal(
      report.totals['saved_nano_usd'],
      (report.totals['reference_nano_usd'] ?? 0) - (report.totals['cost_nano_usd'] ?? 0),
    );
    assert.deepEqual(
      report.rows.map(({ task }) => task),
      ['draft'],
    );
    assert.match(run('report').stdout, /Sandbox: simulated/);
  });
});

describe('a drain', () => {
  test('lets the stream in flight end, refuses new calls, and writes the ledger', async () => {
    const upstream = await startFakeUpstream(
      answers('a stream that takes a while to end', { pause: 80 }),
    );
    const config = join(directory, 'drain.yaml');
    writeFileSync(
      config,
      `data: ${join(directory, 'drain.db')}\nproviders:\n  fake: { url: "${upstream.url}", key: k }\nmodels:\n  m: { provider: fake, price: { input: 1, output: 2 } }\n`,
    );
    const { child, url } = await serve('--config', config);
    const response = await ask(url, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    });
    const ended = end(child);
    const text = await response.text();
    assert.match(text, /\[DONE\]/);
    assert.match(text, /while/);
    assert.equal(await ended, 0);
    await assert.rejects(fetch(`${url}/readyz`));
    const { stdout } = run('report', '--json', '--data', join(directory, 'drain.db'));
    assert.equal(
      (JSON.parse(stdout) as { totals: { cost_nano_usd: number } }).totals.cost_nano_usd,
      20_000,
    );
    await upstream.close();
  });
});

describe('the command line', () => {
  test('help of every command, exit 0', () => {
    for (const words of [
      ['--help'],
      ['serve', '--help'],
      ['report', '--help'],
      ['prices', '--help'],
      ['config', '--help'],
      ['config', 'explain', '--help'],
      ['recorded', '--help'],
    ]) {
      const { status, stdout } = run(...words);
      assert.equal(status, 0, words.join(' '));
      assert.match(stdout, /Usage:/);
    }
  });

  test('wrong use is exit 2, failure is exit 1', () => {
    assert.equal(run('reprot').status, 2);
    assert.equal(run('report', '--no-such-option').status, 2);
    assert.equal(run('report', '--data', 'nowhere.db').status, 1);
    assert.equal(run('prices', 'no-such-model-at-all').status, 1);
  });

  test('prices as JSON: one document', () => {
    const { stdout, status } = run('prices', 'gpt-4o-mini', '--json');
    assert.equal(status, 0);
    assert.match(JSON.stringify(JSON.parse(stdout)), /0\.15/);
  });

  test('config check names every problem with its line, and never a key', () => {
    const file = join(directory, 'wrong.yaml');
    writeFileSync(
      file,
      'providers:\n  openai: { key: sk-sentinel-key }\nmodels:\n  m: { provider: opnai }\ntasks:\n  t:\n    tiers:\n      - { modle: m, accept: [complet] }\n      - { model: m }\n',
    );
    const { status, stderr, stdout } = run('config', 'check', '--config', file);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /wrong\.yaml:8: tasks\.t\.tiers\[0\]\.modle: unknown key; did you mean "model"\?/,
    );
    assert.doesNotMatch(stderr + stdout, /sentinel/);
    writeFileSync(
      file,
      'providers:\n  openai: { key: sk-sentinel-key }\nmodels:\n  m: { provider: opnai }\n',
    );
    assert.match(
      run('config', 'check', '--config', file).stderr,
      /wrong\.yaml:4: .*did you mean "openai"/,
    );
    writeFileSync(
      file,
      'providers:\n  openai: { key: sk-sentinel-key }\nmodels:\n  gpt-4o: { provider: openai }\n',
    );
    for (const flags of [[], ['--json']]) {
      const right = run('config', 'check', '--config', file, ...flags);
      assert.equal(right.status, 0, right.stderr);
      assert.doesNotMatch(right.stdout + right.stderr, /sentinel/);
    }
  });

  test('config explain tells the task and why', () => {
    const file = join(directory, 'request.json');
    writeFileSync(
      file,
      JSON.stringify({
        model: 'gpt-4o',
        messages: [{ role: 'system', content: 'You write project proposals.' }],
      }),
    );
    const { stdout, status, stderr } = run('config', 'explain', file, '--json');
    assert.equal(status, 0, stderr);
    const explained = JSON.parse(stdout) as {
      task: string;
      why: string;
      tiers: { model: string; accept: string[] }[];
    };
    assert.equal(explained.task, 'draft');
    assert.match(explained.why, /match rule/);
    assert.deepEqual(
      explained.tiers.map(({ model }) => model),
      ['sandbox-small', 'sandbox-large'],
    );
    assert.match(run('config', 'explain', file).stdout, /Task: +draft, because/);
  });

  test('a taken port is said in one line', async () => {
    const { child, url } = await serve();
    const { status, stderr } = run('serve', '--listen', new URL(url).host);
    assert.equal(status, 1);
    assert.match(stderr, /Cannot listen on .*: the port is taken/);
    await end(child);
  });

  test('recorded serves a file and says what it serves', async () => {
    const file = join(directory, 'recorded.jsonl');
    const answer = { text: 'four', correct: true, input_tokens: 9, output_tokens: 1 };
    writeFileSync(
      file,
      `${JSON.stringify({ id: 'a/1', task: 'a', messages: [{ role: 'user', content: 'two and two?' }], gold: '4', answers: { tiny: answer } })}\n`,
    );
    const child = spawn(process.execPath, [BIN, 'recorded', file, '--port', '0', '--json'], {
      cwd: directory,
      env,
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const said = JSON.parse(String(line)) as { url: string; models: string[]; items: number };
    assert.deepEqual([said.models, said.items], [['tiny'], 1]);
    const response = await ask(said.url.replace(/\/v1$/, ''), {
      model: 'tiny',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'two and two?' }] }],
    });
    const body = (await response.json()) as {
      choices: { message: { content: string } }[];
      usage: { prompt_tokens: number };
    };
    assert.equal(body.choices[0]?.message.content, 'four');
    assert.equal(body.usage.prompt_tokens, 9);
    const other = await ask(said.url.replace(/\/v1$/, ''), {
      model: 'tiny',
      messages: [{ role: 'user', content: 'never asked' }],
    });
    assert.equal(other.status, 404);
    assert.match(await other.text(), /recording_not_found/);
    assert.equal(await end(child), 0);
  });
});
