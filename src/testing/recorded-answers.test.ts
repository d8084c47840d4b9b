import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { isFarthingError } from '../errors.ts';
import { promptKey, readRecorded, type RecordedItem } from './recorded-answers.ts';
import { readLines } from './text-lines.ts';

const answer = { text: '4', correct: true, input_tokens: 9, output_tokens: 1 };
const item = {
  id: 'sums/1',
  task: 'sums',
  messages: [{ role: 'user', content: 'Two and two?' }],
  gold: '4',
  answers: { tiny: answer },
};

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe('recorded answers', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-recorded-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  function write(name: string, content: string | Buffer): string {
    const file = join(directory, name);
    writeFileSync(file, content);
    return file;
  }

  async function read(file: string): Promise<RecordedItem[]> {
    return collect(readRecorded(file));
  }

  async function refused(file: string, words: RegExp): Promise<void> {
    await assert.rejects(read(file), (error: unknown) => {
      assert.ok(isFarthingError(error), String(error));
      assert.match(error.message, words);
      assert.ok(error.message.includes(file));
      return true;
    });
  }

  test('are read plain and gzipped, with blank lines, returns and a byte-order mark', async () => {
    const second = { ...item, id: 7, task: undefined, gold: undefined };
    const text = `\uFEFF${JSON.stringify(item)}\r\n\n${JSON.stringify(second)}`;
    for (const file of [write('a.jsonl', text), write('a.jsonl.gz', gzipSync(text))]) {
      const [first, next] = await read(file);
      assert.deepEqual({ ...first, answers: { ...first?.answers } }, item);
      assert.deepEqual([next?.id, next?.task, next?.gold], ['7', '', undefined]);
    }
  });

  test('without an id are known by file and line; unjudged ones are unjudged', async () => {
    const { id: _, ...nameless } = item;
    const { correct: __, ...unjudged } = answer;
    const line = JSON.stringify({ ...nameless, answers: { constructor: unjudged } });
    const file = write('nameless.jsonl', `\n${line}\n`);
    const [only] = await read(file);
    assert.equal(only?.id, `${file}:2`);
    assert.equal(only?.answers['constructor']?.correct, undefined);
    assert.equal(only?.answers['toString'], undefined);
  });

  const broken: readonly (readonly [what: string, line: unknown, words: RegExp])[] = [
    ['no JSON', '{"id":', /:2: this line is not a JSON object/],
    ['no object', [1], /:2: this line is not a JSON object/],
    ['no messages', { ...item, messages: [] }, /:2: "messages" must be/],
    ['a message without a role', { ...item, messages: [{ content: 'x' }] }, /:2: "messages" must/],
    ['no answers', { ...item, answers: {} }, /:2: "answers" must be/],
    ['no text', { ...item, answers: { m: { ...answer, text: null } } }, /of m needs a "text"/],
    [
      'half a token',
      { ...item, answers: { m: { ...answer, input_tokens: 1.5 } } },
      /of m needs "input_tokens", a whole number/,
    ],
    [
      'fewer than no tokens',
      { ...item, answers: { m: { ...answer, output_tokens: -1 } } },
      /of m needs "output_tokens", a whole number/,
    ],
    [
      'more tokens than can be counted exactly',
      { ...item, answers: { m: { ...answer, output_tokens: 2 ** 53 } } },
      /of m needs "output_tokens"/,
    ],
  ];
  for (const [what, line, words] of broken) {
    test(`are refused with file and line for ${what}`, async () => {
      const bad = typeof line === 'string' ? line : JSON.stringify(line);
      await refused(write('bad.jsonl', `${JSON.stringify(item)}\n${bad}\n`), words);
    });
  }

  test('are refused where the file cannot be read', async () => {
    await refused(join(directory, 'none.jsonl'), /there is no such file/);
    await refused(join(directory, 'none.jsonl.gz'), /there is no such file/);
    mkdirSync(join(directory, 'folder.jsonl'));
    await refused(join(directory, 'folder.jsonl'), /it is a directory/);
    await refused(write('plain.jsonl.gz', JSON.stringify(item)), /not gzipped/);
    const packed = gzipSync(`${JSON.stringify(item)}\n`.repeat(1000));
    await refused(write('half.jsonl.gz', packed.subarray(0, 100)), /its end is missing/);
    await refused(write('latin.jsonl', Buffer.from('{"id":"\xe9"}\n', 'latin1')), /not UTF-8/);
  });

  test('are found whether a text is a string or parts, and whatever the system is called', () => {
    const key = promptKey([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
    assert.equal(
      key,
      promptKey([
        { content: [{ type: 'text', text: 'Be brief.' }], role: 'developer' },
        { role: 'user', name: 'x', content: [{ type: 'text', text: 'Hi' }] },
      ]),
    );
    assert.notEqual(key, promptKey([{ role: 'user', content: 'Be brief.Hi' }]));
  });

  test('prompts that differ in a character, a role or a border have different keys', () => {
    const message = fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.string() });
    fc.assert(
      fc.property(fc.array(message), fc.array(message), (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        assert.equal(promptKey(left) === promptKey(right), same);
      }),
    );
  });

  test('lines come whole, however the bytes are cut', async () => {
    // The odd first byte puts borders of reads inside characters.
    const long = `x${'ä'.repeat(99_999)}`;
    const file = write('long.txt', `${long}\n\n${long}x`);
    const lines = await collect(readLines(file));
    assert.deepEqual(
      lines.map(({ text, line }) => [line, text.length]),
      [
        [1, 100_000],
        [2, 0],
        [3, 100_001],
      ],
    );
  });
});
