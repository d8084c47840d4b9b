import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { isFarthingError } from '../errors.ts';
import { makeZip } from './__fixtures__/make-zip.ts';
import { parseLineItem } from './openai-costs.ts';
import type { ProviderDay, ProviderExport } from './provider-day.ts';
import { readExports } from './read-exports.ts';

const read = (text: string): ProviderExport[] =>
  readExports({ name: 'export', bytes: Buffer.from(text) });

function only(text: string): ProviderExport {
  const [first, ...others] = read(text);
  assert.equal(others.length, 0);
  return first ?? assert.fail('nothing was read');
}

/** Rows without what is undefined, and without their identity. */
const plain = (days: readonly ProviderDay[]): object[] =>
  days.map((day) =>
    Object.fromEntries(
      Object.entries(day).filter(([name, value]) => name !== 'identity' && value !== undefined),
    ),
  );

const NOV_1 = 1_793_491_200;
const DAY = 86_400;
const page = (...data: object[]): string =>
  JSON.stringify({ object: 'page', data, has_more: false, next_page: null });
const bucket = (start: number, ...results: object[]): object => ({
  object: 'bucket',
  start_time: start,
  end_time: start + DAY,
  results,
});

describe('OpenAI', () => {
  const completions = {
    object: 'organization.usage.completions.result',
    input_tokens: 1000,
    input_cached_tokens: 300,
    input_uncached_tokens: 600,
    input_cache_write_tokens: 100,
    input_cache_write_30m_tokens: 60,
    input_cache_write_12h_tokens: 40,
    input_audio_tokens: 50,
    output_tokens: 200,
    output_audio_tokens: 20,
    num_model_requests: 3,
    model: 'gpt-4o-2024-08-06',
    batch: false,
    service_tier: 'default',
    project_id: null,
  };

  test('usage API: disjoint classes, embeddings, days without usage', () => {
    const embeddings = {
      object: 'organization.usage.embeddings.result',
      input_tokens: 70,
      num_model_requests: 7,
      model: 'text-embedding-3-small',
    };
    const found = only(
      page(bucket(NOV_1, completions, embeddings), bucket(NOV_1 + DAY)) +
        page(bucket(NOV_1 + 2 * DAY, { ...completions, batch: true })),
    );
    assert.equal(found.format, 'OpenAI usage API');
    assert.deepEqual(found.period, { first: '2026-11-01', last: '2026-11-03' });
    assert.deepEqual(found.measures, ['requests', 'tokens']);
    const tokens = {
      cacheRead: 300,
      cacheWrite12h: 40,
      cacheWrite30m: 60,
      inputAudio: 50,
      inputImage: 0,
      input: 550,
      outputAudio: 20,
      output: 180,
    };
    const day = { model: 'gpt-4o-2024-08-06', requests: 3, tokens, currency: 'USD' };
    assert.deepEqual(plain(found.days), [
      { day: '2026-11-01', ...day },
      {
        day: '2026-11-01',
        model: 'text-embedding-3-small',
        requests: 7,
        tokens: {
          cacheWrite12h: 0,
          cacheWrite30m: 0,
          inputAudio: 0,
          inputImage: 0,
          input: 70,
          outputAudio: 0,
          output: 0,
        },
        currency: 'USD',
      },
      { day: '2026-11-03', ...day, serviceTier: 'batch' },
    ]);
  });

  test('usage API: what is not billed by tokens is left out and told', () => {
    const images = { object: 'organization.usage.images.result', images: 2, num_model_requests: 1 };
    const found = only(page(bucket(NOV_1, images)));
    assert.deepEqual(found.days, []);
    assert.match(found.notes[0] ?? '', /"organization\.usage\.images\.result" is not billed/);
  });

  test('usage API: the last page tells whether more follow', () => {
    const more = page(bucket(NOV_1, completions)).replace('"has_more":false', '"has_more":true');
    assert.equal(only(more).complete, false);
    assert.equal(only(more + page(bucket(NOV_1 + DAY))).complete, true);
  });

  test('usage CSV: by the names of the columns, counts with a point, one row a minute', () => {
    const found = only(
      '\uFEFFmodel,start_time,end_time,start_time_iso,end_time_iso,num_model_requests,input_tokens,input_cached_tokens,output_tokens,batch,project_id\r\n' +
        'gpt-4o-mini-2024-07-18,1793491260,1793491320,2026-11-01T00:01:00+00:00,2026-11-01T00:02:00+00:00,3.0,120.0,20.0,30.0,False,proj_1\r\n' +
        ',1793491320,1793491380,2026-11-01T00:02:00+00:00,2026-11-01T00:03:00+00:00,,,,,,\r\n' +
        'gpt-4o-mini-2024-07-18,1793577540,1793577600,,,1,10,,5,True,"a, ""b"""\r\n',
    );
    assert.equal(found.format, 'OpenAI usage CSV');
    assert.deepEqual(found.period, { first: '2026-11-01', last: '2026-11-01' });
    assert.deepEqual(
      found.days.map(({ requests, tokens, serviceTier }) => [
        requests,
        tokens?.input,
        tokens?.cacheRead,
        tokens?.output,
        serviceTier,
      ]),
      [
        [3, 100, 20, 30, undefined],
        [1, 10, 0, 5, 'batch'],
      ],
    );
    assert.equal(new Set(found.days.map(({ identity }) => identity)).size, 2);
  });

  test('usage CSV: an export without usage has only the columns of time', () => {
    const found = only('start_time,end_time,start_time_iso,end_time_iso\n');
    assert.equal(found.format, 'OpenAI usage CSV');
    assert.deepEqual(found.days, []);
    assert.equal(found.period, undefined);
  });

  test('costs API: dollars, exact, with what is no model apart', () => {
    const cost = (value: string, more: object = {}): object => ({
      object: 'organization.costs.result',
      amount: { value, currency: 'usd' },
      ...more,
    });
    // Digits beyond those of a double, as numbers: only the text keeps them.
    const text = page(
      bucket(
        NOV_1,
        cost('NUMBER', {
          line_item: 'gpt-4o-2024-08-06, input',
          quantity: 1.5,
          quantity_unit: '1000_tokens',
        }),
        cost('0.06', { line_item: 'web search tool calls' }),
        cost('1e-06'),
      ),
    ).replace('"NUMBER"', '4503599.627370497');
    const found = only(text);
    assert.equal(found.format, 'OpenAI costs API');
    assert.deepEqual(found.measures, ['cost', 'tokens']);
    const day = { day: '2026-11-01', currency: 'USD' };
    assert.deepEqual(plain(found.days), [
      {
        ...day,
        model: 'gpt-4o-2024-08-06',
        tokens: { input: 1500 },
        costNano: 4_503_599_627_370_497,
      },
      { ...day, item: 'web search tool calls', costNano: 60_000_000 },
      { ...day, costNano: 1000 },
    ]);
  });

  test('line items', () => {
    const of = (text: string): object => parseLineItem(text);
    assert.deepEqual(of('gpt-4o-mini-2024-07-18, cached input'), {
      model: 'gpt-4o-mini-2024-07-18',
      tokenClass: 'cacheRead',
    });
    assert.deepEqual(of('priority | gpt-5.6-sol, output, long context'), {
      model: 'gpt-5.6-sol',
      serviceTier: 'priority',
      tokenClass: 'output',
    });
    assert.deepEqual(of('gpt-audio-mini-2025-12-15 audio, input'), {
      model: 'gpt-audio-mini-2025-12-15',
      tokenClass: 'inputAudio',
    });
    assert.deepEqual(of('ft-gpt-4o-2024-08-06, output'), {
      model: 'ft:gpt-4o-2024-08-06',
      tokenClass: 'output',
    });
    assert.deepEqual(of('whisper-1, audio'), { model: 'whisper-1' });
    assert.deepEqual(of('web search tool calls'), { item: 'web search tool calls' });
  });

  test('one file with pages of costs and of usage', () => {
    const costs = { object: 'organization.costs.result', amount: { value: 1, currency: 'usd' } };
    const found = read(page(bucket(NOV_1, costs)) + page(bucket(NOV_1, completions)));
    assert.deepEqual(
      found.map(({ format }) => format),
      ['OpenAI costs API', 'OpenAI usage API'],
    );
  });
});

describe('Anthropic', () => {
  const report = (...results: object[]): string =>
    JSON.stringify({
      data: [
        { starting_at: '2026-11-01T00:00:00Z', ending_at: '2026-11-02T00:00:00Z', results },
        { starting_at: '2026-11-02T00:00:00Z', ending_at: '2026-11-03T00:00:00Z', results: [] },
      ],
      has_more: false,
      next_page: null,
    });
  const usage = {
    uncached_input_tokens: 100,
    cache_read_input_tokens: 50,
    cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
    output_tokens: 40,
    server_tool_use: { web_search_requests: 1 },
    model: 'claude-haiku-4-5-20251001',
    service_tier: 'standard',
  };
  const tokens = { input: 100, cacheRead: 50, cacheWrite5m: 20, cacheWrite1h: 10, output: 40 };

  test('usage report', () => {
    const found = only(report(usage, { ...usage, service_tier: 'batch' }));
    assert.equal(found.format, 'Anthropic usage report');
    assert.deepEqual(found.measures, ['tokens']);
    assert.deepEqual(found.period, { first: '2026-11-01', last: '2026-11-02' });
    const day = { day: '2026-11-01', model: usage.model, tokens, currency: 'USD' };
    assert.deepEqual(plain(found.days), [day, { ...day, serviceTier: 'batch' }]);
  });

  test('analytics usage report counts requests', () => {
    const found = only(report({ ...usage, requests: 12, product: 'api', speed: 'fast' }));
    assert.deepEqual(found.measures, ['requests', 'tokens']);
    assert.equal(found.days[0]?.requests, 12);
    assert.equal(found.days[0]?.serviceTier, 'fast');
  });

  test('cost report: cents as text', () => {
    const cost = {
      currency: 'USD',
      amount: '123.45',
      cost_type: 'tokens',
      token_type: 'output_tokens',
      description: 'Claude Haiku 4.5 Usage - Output Tokens',
      model: 'claude-haiku-4-5-20251001',
      service_tier: 'standard',
    };
    const search = {
      ...cost,
      amount: '2',
      cost_type: 'web_search',
      model: null,
      service_tier: null,
    };
    const undivided = { amount: '0.000001', currency: 'USD', model: null, cost_type: null };
    const found = only(report(cost, search, undivided));
    assert.equal(found.format, 'Anthropic cost report');
    const day = { day: '2026-11-01', currency: 'USD' };
    assert.deepEqual(plain(found.days), [
      { ...day, model: cost.model, costNano: 1_234_500_000 },
      { ...day, item: 'web search', costNano: 20_000_000 },
      { ...day, costNano: 10 },
    ]);
  });

  test('analytics cost report: the list price beside what is charged', () => {
    const found = only(
      report({ amount: '90.0', list_amount: '100.0', currency: 'USD', model: 'm' }),
    );
    assert.equal(found.days[0]?.costNano, 900_000_000);
    assert.equal(found.days[0]?.listNano, 1_000_000_000);
  });
});

describe('OpenRouter', () => {
  test('activity CSV', () => {
    const found = only(
      'generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,variant,cancelled,streamed\n' +
        'gen-1,2026-11-01 10:00:00.000,0.00123,0,-0.0001,0,0,100,40,10,30,openai/gpt-4o-2024-11-20,OpenAI,standard,false,true\n' +
        'gen-2,2026-11-02T00:00:00Z,0,0,0,0,0.5,5,5,0,0,qwen/qwen3-8b-04-28,X,free,false,true\n',
    );
    assert.equal(found.format, 'OpenRouter activity CSV');
    assert.deepEqual(plain(found.days), [
      {
        day: '2026-11-01',
        model: 'openai/gpt-4o-2024-11-20',
        requests: 1,
        tokens: { input: 70, cacheRead: 30, output: 30, reasoning: 10 },
        costNano: 1_230_000,
        currency: 'USD',
      },
      {
        day: '2026-11-02',
        model: 'qwen/qwen3-8b-04-28:free',
        requests: 1,
        tokens: { input: 5, cacheRead: 0, output: 5, reasoning: 0 },
        costNano: 0,
        currency: 'USD',
      },
    ]);
  });

  test('activity API: cached tokens are not told apart', () => {
    const row = {
      date: '2026-11-01 00:00:00',
      model: 'openai/gpt-4.1-mini',
      model_permaslug: 'openai/gpt-4.1-mini-2025-04-14',
      endpoint_id: 'e',
      provider_name: 'OpenAI',
      usage: 0.015,
      byok_usage_inference: 0.012,
      requests: 5,
      prompt_tokens: 50,
      completion_tokens: 125,
      reasoning_tokens: 25,
    };
    const found = only(JSON.stringify({ data: [row] }));
    assert.equal(found.format, 'OpenRouter activity API');
    assert.deepEqual(plain(found.days), [
      {
        day: '2026-11-01',
        model: 'openai/gpt-4.1-mini-2025-04-14',
        requests: 5,
        tokens: { input: 50, output: 100, reasoning: 25 },
        costNano: 15_000_000,
        currency: 'USD',
      },
    ]);
  });
});

describe('DeepSeek', () => {
  const AMOUNT =
    '\uFEFFuser_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount\r\n' +
    ['request_count,,3', 'input_cache_hit_tokens,0.00000001,400', 'output_tokens,0.0000006,50']
      .map(
        (rest) =>
          `u1,2026-11-02T00:00:00+08:00,2026-11-03T00:00:00+08:00,deepseek-flash,"Team, A",sk-a***b,${rest}\r\n`,
      )
      .join('');
  const COST =
    '\uFEFFuser_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency\r\n' +
    'u1,2026-11-02T00:00:00+08:00,2026-11-03T00:00:00+08:00,deepseek-flash,Paid,2.9492980000000000,CNY\r\n';

  test('amounts, in days of the account', () => {
    const found = only(AMOUNT);
    assert.equal(found.format, 'DeepSeek usage export (amount)');
    assert.equal(found.utcOffsetMinutes, 480);
    const day = { day: '2026-11-02', model: 'deepseek-flash', currency: 'USD' };
    assert.deepEqual(plain(found.days), [
      { ...day, requests: 3 },
      { ...day, tokens: { cacheRead: 400 } },
      { ...day, tokens: { output: 50 } },
    ]);
  });

  test('costs, in the currency of the account', () => {
    const found = only(COST);
    assert.equal(found.format, 'DeepSeek usage export (cost)');
    assert.deepEqual(plain(found.days), [
      { day: '2026-11-02', model: 'deepseek-flash', costNano: 2_949_298_000, currency: 'CNY' },
    ]);
  });

  test('older files have days of UTC, with or without hyphens', () => {
    const found = only(
      'user_id,utc_date,model,wallet_type,cost,currency\nu,20260716,m,Paid,1,USD\nu,2026-07-17,m,Paid,1,USD\n',
    );
    assert.equal(found.utcOffsetMinutes, 0);
    assert.deepEqual(found.period, { first: '2026-07-16', last: '2026-07-17' });
  });

  test('the archive as it is downloaded', () => {
    const bytes = makeZip(
      { 'amount-2026-11.csv': AMOUNT, 'cost-2026-11.csv': COST },
      { method: 'deflated' },
    );
    assert.deepEqual(
      readExports({ name: 'usage.zip', bytes }).map(({ file, days }) => [file, days.length]),
      [
        ['usage.zip/amount-2026-11.csv', 3],
        ['usage.zip/cost-2026-11.csv', 1],
      ],
    );
  });
});

describe('what is none', () => {
  function failure(text: string | Buffer): string {
    try {
      readExports({ name: 'export', bytes: Buffer.from(text) });
    } catch (error) {
      assert.ok(isFarthingError(error), String(error));
      assert.equal(error.code, 'invalid_value');
      return error.message;
    }
    return assert.fail('it was read');
  }

  test('another format is refused with those that are known', () => {
    for (const text of [
      '',
      'a,b\n1,2',
      '{}',
      '[]',
      '{"data":[{"x":1}]}',
      makeZip({ 'a.txt': 'x' }),
    ]) {
      assert.match(
        failure(text),
        /^export is no export that Farthing knows\. It reads: OpenAI costs API, .*DeepSeek/,
      );
    }
  });

  test('damaged files', () => {
    assert.equal(failure('{"data": ['), 'export looks like JSON but is none.');
    assert.equal(failure('a,"b'), 'export: a quoted field is never closed.');
    const header = 'start_time,num_model_requests,input_tokens,model\n';
    assert.equal(
      failure(`${header}1793491200,many,1,gpt-4o`),
      'export: "num_model_requests" is no count: "many".',
    );
    assert.equal(failure(`${header},1,1,gpt-4o`), 'export: "start_time" is missing.');
    assert.equal(failure(`${header}soon,1,1,m`), 'export: "start_time" is no time: "soon".');
    const cost = 'user_id,utc_date,model,wallet_type,cost,currency\n';
    assert.match(failure(`${cost}u,2026-07-16,m,Paid,"1,5",USD`), /"cost" is no amount of money/);
    const offset = 'start_time_iso,model,wallet_type,cost,currency\n';
    const line = (zone: string): string => `2026-07-16T00:00:00${zone},m,Paid,1,USD\n`;
    assert.match(failure(offset + line('+08:00') + line('+00:00')), /different time zones/);
  });
});
