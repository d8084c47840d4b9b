import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { FarthingError } from '../errors.ts';
import { parseConfig } from './load.ts';

/** The rules of a model `m` with this price, in YAML. */
async function pricesOf(price: string, name = 'm') {
  const config = await parseConfig(
    `providers: { p: { url: "http://127.0.0.1:9/v1", key: k }, openai: { key: k } }\nmodels:\n  ${name}: { provider: ${name === 'm' ? 'p' : 'openai'}, price: ${price} }`,
  );
  return config.models.get(name)?.price ?? [];
}

async function refusal(price: string, name = 'm'): Promise<string> {
  const error = await pricesOf(price, name).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FarthingError, `${price} was taken`);
  assert.equal(error.code, 'invalid_config');
  return error.message;
}

describe('slips of the unit', () => {
  test('each is refused with what is likely meant', async () => {
    const slips: readonly (readonly [string, RegExp])[] = [
      ['{ input: 0.0000025, output: 10 }', /input: 0.0000025 looks like USD per token.*: 2\.5\?/],
      ['{ input: 2.5, output: 0.01 }', /output: 0.01 looks like USD per 1K tokens.*: 10\?/],
      ['{ input: 250, output: 10 }', /input: 250 looks like cents per 1M tokens.*: 2\.5\?/],
      ['{ input: 2.5, output: 0.15 }', /more than 50 times off: the public list says 10/],
      ['{ input: 2500000, output: 10 }', /looks like millionths of a dollar.*: 2\.5\?/],
    ];
    for (const [price, expected] of slips) assert.match(await refusal(price, 'gpt-4o'), expected);
  });

  test('models that the public list does not know are held to what any model costs', async () => {
    assert.match(await refusal('{ input: 0.0000025, output: 1 }'), /USD per token.*: 2\.5\?/);
    assert.match(await refusal('{ input: 1, output: 90000 }'), /more than any model costs/);
    assert.equal((await pricesOf('{ input: 0, output: 0 }')).length, 1);
    assert.equal((await pricesOf('{ input: 0.01, output: 0.01 }')).length, 1);
  });

  test('a price that is right all the same is taken when it says so', async () => {
    const [rule] = await pricesOf('{ input: 0.0001, output: 10, unusual: true }', 'gpt-4o');
    assert.equal(rule?.rates.input, 0.0001);
  });

  test('negative prices, texts and other units are refused', async () => {
    assert.match(await refusal('{ input: -1, output: 1 }'), /price\.input: must not be negative/);
    assert.match(
      await refusal('{ input: "2.5 per 1K", output: 1 }'),
      /input: must be a number, USD/,
    );
    assert.match(await refusal('{ input: 1, output: 1, inptu: 2 }'), /did you mean "input"\?/);
    const litellm = '{ input_cost_per_token: 0.0000025, output: 1 }';
    assert.match(await refusal(litellm), /input_cost_per_token.*USD per 1M tokens/);
    assert.match(await refusal('2.5'), /price/);
  });
});

describe('dimensions', () => {
  test('tiers, bands and fees', async () => {
    const [rule] = await pricesOf(
      '{ input: 1, output: 2, cache-read: 0.1, flex: 0.5, priority: { input: 2, output: 4 }, ' +
        'bands: [{ above: 200000, input: 2, output: 3 }], per-request: 0.005 }',
    );
    assert.deepEqual(rule?.tiers, {
      flex: { factor: 0.5 },
      priority: { rates: { input: 2, output: 4 } },
    });
    assert.deepEqual(rule.bands, [{ abovePromptTokens: 200_000, rates: { input: 2, output: 3 } }]);
    assert.deepEqual(rule.fees, { request: 0.005 });
    assert.equal(rule.id, 'config:m');
  });

  test('dated prices, in any order; two at once are refused', async () => {
    const rules = await pricesOf(
      '[{ input: 2, output: 2, from: 2026-12-01 }, { input: 1, output: 1, until: 2026-12-01 }]',
    );
    assert.deepEqual(
      rules.map(({ id, rates, from, until }) => [id, rates.input, from, until]),
      [
        ['config:m', 1, undefined, Date.UTC(2026, 11, 1)],
        ['config:m@2026-12-01', 2, Date.UTC(2026, 11, 1), undefined],
      ],
    );
    const twice = '[{ input: 1, output: 1 }, { input: 2, output: 2, from: 2026-12-01 }]';
    assert.match(await refusal(twice), /two prices hold at the same time/);
    assert.match(await refusal('{ input: 1, output: 1, from: soon }'), /must be a date/);
  });
});
