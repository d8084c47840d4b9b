import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isFarthingError } from '../../errors.ts';
import { type ListForm, takeList, type TakenList } from './take-list.ts';

interface Given {
  readonly form: ListForm;
  readonly asOf?: string;
  readonly modified?: string;
}

function take(content: string | Uint8Array, { form, asOf, modified }: Given): TakenList {
  const folder = mkdtempSync(join(tmpdir(), 'farthing-list-'));
  const path = join(folder, 'list.json');
  try {
    writeFileSync(path, content);
    if (modified !== undefined) utimesSync(path, new Date(modified), new Date(modified));
    return takeList({ path, form, asOf });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function refusal(content: string, form: ListForm): string {
  try {
    take(content, { form });
  } catch (error) {
    assert.ok(isFarthingError(error));
    assert.equal(error.code, 'invalid_value');
    return error.message;
  }
  return assert.fail('the list was taken');
}

const modelsDev = (more: object = {}): string =>
  JSON.stringify({
    openai: {
      models: {
        'gpt-4o': {
          id: 'gpt-4o',
          cost: { input: 2, output: 8 },
          modalities: { input: ['text'], output: ['text'] },
          ...more,
        },
      },
    },
  });
const liteLlm = JSON.stringify({
  'gpt-4o': {
    litellm_provider: 'openai',
    mode: 'chat',
    input_cost_per_token: 2e-6,
    output_cost_per_token: 8e-6,
  },
});
const own = (list: object, row: object = {}): string =>
  JSON.stringify({
    ...list,
    rows: [{ provider: 'Google', model: 'gemini-x', rates: { input: 1, output: 2 }, ...row }],
  });

describe('the day of a list', () => {
  test('is what the caller says, else what the list says, else that of the file', () => {
    const day = (content: string, given: Given): readonly unknown[] => {
      const { asOf, datedBy, rows } = take(content, { modified: '2026-08-05T10:00:00Z', ...given });
      assert.equal(rows[0]?.asOf, asOf);
      return [asOf, datedBy];
    };
    const dated = modelsDev({ last_updated: '2026-06-30' });
    assert.deepEqual(day(dated, { form: 'models.dev' }), ['2026-06-30', 'list']);
    assert.deepEqual(day(dated, { form: 'models.dev', asOf: '2026-07-02' }), [
      '2026-07-02',
      'caller',
    ]);
    assert.deepEqual(day(modelsDev(), { form: 'models.dev' }), ['2026-08-05', 'file']);
    assert.deepEqual(day(liteLlm, { form: 'litellm' }), ['2026-08-05', 'file']);
    assert.deepEqual(day(liteLlm, { form: 'litellm', asOf: '2026-08-01' }), [
      '2026-08-01',
      'caller',
    ]);
    assert.deepEqual(day(own({}), { form: 'farthing' }), ['2026-08-05', 'file']);
    const source = { _source: { asOf: '2026-08-03' } };
    assert.deepEqual(day(own(source), { form: 'farthing' }), ['2026-08-03', 'list']);
    assert.deepEqual(day(own(source), { form: 'farthing', asOf: '2026-08-04' }), [
      '2026-08-04',
      'caller',
    ]);
    const row = own(source, { asOf: '2026-08-02' });
    assert.equal(take(row, { form: 'farthing', asOf: '2026-08-04' }).rows[0]?.asOf, '2026-08-02');
  });

  test('of a packed list is that of what is inside, where the packing tells it', () => {
    const packed = gzipSync(liteLlm);
    packed.writeUInt32LE(Date.parse('2026-08-01') / 1000, 4);
    assert.equal(take(packed, { form: 'litellm', modified: '2026-09-09' }).asOf, '2026-08-01');
    packed.writeUInt32LE(0, 4);
    assert.equal(take(packed, { form: 'litellm', modified: '2026-09-09' }).asOf, '2026-09-09');
  });
});

describe("Farthing's own form", () => {
  test('rows take source and provider name as they are known', () => {
    const [row] = take(own({ _source: { list: 'my list' } }), { form: 'farthing' }).rows;
    assert.equal(row?.provider, 'gemini');
    assert.equal(row?.source, 'my list');
    assert.equal(take(own({}), { form: 'farthing' }).rows[0]?.source, 'list.json');
  });
});

test('the list that the documentation shows is taken', () => {
  const docs = readFileSync(new URL('../../../docs/prices.md', import.meta.url), 'utf8');
  const [, shown = ''] = /```json\n([\s\S]*?)```/.exec(docs) ?? [];
  const { rows } = take(shown, { form: 'farthing' });
  assert.deepEqual(
    rows.map(({ model, source }) => `${model} of ${source}`),
    ['gpt-4o of our contract', 'deepseek-flash of our contract'],
  );
});

describe('a list that is refused', () => {
  test('is told with each price that cannot be right', () => {
    const perToken = refusal(modelsDev({ cost: { input: 2e-6, output: 8e-6 } }), 'models.dev');
    assert.match(perToken, /openai\/gpt-4o: input is 0\.000002; that looks like a price per token/);
    assert.match(perToken, /openai\/gpt-4o: output/);
    assert.match(refusal(modelsDev({ cost: { input: -2, output: 8 } }), 'models.dev'), /negative/);
  });

  test('or with what it is not', () => {
    assert.match(refusal('<html>', 'litellm'), /list\.json was refused: .*JSON/);
    assert.match(refusal('[]', 'farthing'), /no JSON object/);
    assert.match(refusal(liteLlm, 'models.dev'), /no list of models\.dev/);
    assert.match(refusal(modelsDev(), 'litellm'), /not LiteLLM's list/);
    assert.match(refusal(modelsDev(), 'farthing'), /rows: .*\n.*--from-models-dev FILE/);
    assert.throws(
      () => takeList({ path: '/nowhere/at/all', form: 'litellm' }),
      /Cannot read the list/,
    );
  });
});
