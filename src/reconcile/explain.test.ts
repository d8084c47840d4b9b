import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { costNano } from '../pricing/cost.ts';
import { PriceBook } from '../pricing/price-book.ts';
import { NO_TOKENS, type TokenCounts } from '../pricing/usage.ts';
import type { LedgerDay } from '../stores/provider-days.ts';
import { ALL_MODELS, type Bill, type BillLine } from './bill.ts';
import { compare, totalsOf } from './compare.ts';
import { explain, type ExplainedLine } from './explain.ts';
import { modelKey } from './model-key.ts';

const book = PriceBook.load();
const CENT = 10_000_000;
const DAY = '2026-11-01';

function line(more: Partial<BillLine> = {}): BillLine {
  const { name = 'gpt-4o', kind = 'model' } = more;
  return {
    day: DAY,
    kind,
    name,
    key: kind === 'model' ? modelKey('openai', name, book) : name,
    serviceTiers: new Set(),
    ...more,
  };
}

function ledgerDay(more: Partial<LedgerDay> = {}): LedgerDay {
  return {
    day: DAY,
    provider: 'openai',
    model: 'gpt-4o',
    serviceTier: undefined,
    requests: 100,
    tokens: { ...NO_TOKENS, input: 10_000, output: 1000 },
    costNano: 100 * CENT,
    computedNano: 100 * CENT,
    reportedNano: 0,
    unpriced: 0,
    estimated: 0,
    priceIds: ['openai/gpt-4o@2026-01-01'],
    ...more,
  };
}

function run(lines: readonly BillLine[], ledger: readonly LedgerDay[]): ExplainedLine[] {
  const period = { first: '2026-11-01', last: '2026-11-30' };
  const bill: Bill = {
    provider: 'openai',
    utcOffsetMinutes: 0,
    period,
    files: [],
    byModel: true,
    costDays: [period],
    lines,
    notes: [],
  };
  return explain(compare(bill, ledger, book), book);
}

const codes = (lines: readonly ExplainedLine[]): unknown[] =>
  lines.map(({ reason }) => reason?.code);

function reasonOf(billed: Partial<BillLine>, ledger: Partial<LedgerDay>): string {
  const [found] = run([line(billed)], [ledgerDay(ledger)]);
  return `${found?.reason?.code}: ${found?.reason?.text}`;
}

/** Requests and tokens as in the ledger, at another cost. */
const sameCalls = { requests: 100, tokens: { input: 10_000, output: 1000 } };

describe('bill and ledger', () => {
  test('agree within a thousandth', () => {
    const [found] = run([line({ ...sameCalls, costNano: 100 * CENT + CENT / 20 })], [ledgerDay()]);
    assert.equal(found?.reason, undefined);
    assert.equal(found?.driftNano, -CENT / 20);
    assert.deepEqual(found?.coverage, { by: 'requests', ledger: 100, billed: 100 });
  });

  test('are joined by model, whatever it is called, and by day', () => {
    const found = run(
      [line({ name: 'gpt-4o-2024-08-06', costNano: 150 * CENT })],
      [
        ledgerDay({ costNano: 100 * CENT }),
        ledgerDay({ model: 'openai/gpt-4o', costNano: 50 * CENT, serviceTier: 'default' }),
        ledgerDay({ day: '2026-10-31' }),
      ],
    );
    assert.equal(found.length, 1);
    assert.equal(found[0]?.driftNano, 0);
    assert.equal(found[0]?.model, 'gpt-4o-2024-08-06');
  });

  test('attempts that failed and cost nothing need no line', () => {
    assert.deepEqual(run([], [ledgerDay({ requests: 0, costNano: 0 })]), []);
  });

  test('totals are the sums of the lines, to the nano-dollar', () => {
    const cost = fc.integer({ min: 0, max: 1e12 });
    const models = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
    fc.assert(
      fc.property(
        models,
        models,
        fc.array(cost, { minLength: 8, maxLength: 8 }),
        (on, own, costs) => {
          const billed = on.map((name, at) => line({ name, costNano: costs[at] ?? 0 }));
          const ledger = own.map((model, at) => ledgerDay({ model, costNano: costs[at + 4] ?? 0 }));
          const totals = totalsOf(run(billed, ledger));
          const bill = billed.reduce((sum, { costNano: nano = 0 }) => sum + nano, 0);
          const paid = ledger.reduce((sum, { costNano: nano }) => sum + nano, 0);
          assert.equal(totals.billedNano, bill);
          assert.equal(totals.ledgerNano, paid);
          assert.equal(totals.driftNano, paid - bill);
        },
      ),
    );
  });

  test('usage alone has coverage and no drift', () => {
    const [found, ...others] = run([line({ requests: 200 })], [ledgerDay()]);
    assert.equal(others.length, 0);
    assert.equal(found?.driftNano, undefined);
    assert.deepEqual(codes([found!]), ['outside-gateway']);
    assert.equal(totalsOf([found!]).billedNano, undefined);
    assert.equal(totalsOf([found!]).ledgerNano, 100 * CENT);
  });
});

describe('reasons of calls', () => {
  test('calls outside the gateway', () => {
    assert.equal(
      reasonOf({ costNano: 200 * CENT, requests: 200 }, {}),
      'outside-gateway: calls outside the gateway: 50.0 % of the requests are not in the ledger',
    );
    assert.match(
      reasonOf({ costNano: 200 * CENT, tokens: { input: 20_000, output: 2000 } }, {}),
      /50\.0 % of the tokens/,
    );
  });

  test('a few missing calls do not explain a large drift', () => {
    assert.doesNotMatch(reasonOf({ costNano: 200 * CENT, requests: 102 }, {}), /^outside-gateway/);
  });

  test('a model on one side only', () => {
    const found = run(
      [line({ name: 'o3', costNano: 30 * CENT, requests: 3 })],
      [ledgerDay({ costNano: 70 * CENT })],
    );
    assert.deepEqual(codes(found), ['not-on-bill', 'not-in-ledger']);
  });

  test('the same cost under another name', () => {
    const found = run(
      [line({ name: 'alias', costNano: 100 * CENT })],
      [ledgerDay({ model: 'deployment-7' })],
    );
    assert.deepEqual(codes(found), ['other-name', 'other-name']);
    assert.match(found[0]?.reason?.text ?? '', /the ledger has the same cost as deployment-7/);
  });

  test('calls around midnight cancel out with the next day', () => {
    const found = run(
      [line({ costNano: 90 * CENT }), line({ day: '2026-11-02', costNano: 110 * CENT })],
      [ledgerDay(), ledgerDay({ day: '2026-11-02' })],
    );
    assert.deepEqual(codes(found), ['day-boundary', 'day-boundary']);
    assert.match(found[0]?.reason?.text ?? '', /2026-11-02 drifts by -\$0\.1000/);
  });

  test('unpriced attempts', () => {
    assert.match(
      reasonOf({ ...sameCalls, costNano: 130 * CENT }, { unpriced: 9 }),
      /^unpriced: 9 /,
    );
  });

  test('more in the ledger than on the bill', () => {
    assert.match(
      reasonOf({ costNano: 50 * CENT, requests: 50 }, {}),
      /^more-than-billed: .*50 of 100/,
    );
  });

  test('answers that broke off', () => {
    assert.match(
      reasonOf({ costNano: 110 * CENT, requests: 100 }, { estimated: 12 }),
      /^estimated-usage: 12 of 100 answers/,
    );
  });

  test('lines of the bill that are no models', () => {
    const search = line({ kind: 'item', name: 'web search', costNano: 20 * CENT });
    const found = run([search, line({ ...sameCalls, costNano: 80 * CENT })], [ledgerDay()]);
    assert.deepEqual(codes(found), ['other-line-item', 'other-line-item']);
    assert.equal(totalsOf(found).driftNano, 0);
    const credit = line({ kind: 'item', name: 'credit', costNano: -5 * CENT });
    assert.match(run([credit], [])[0]?.reason?.text ?? '', /a credit/);
  });
});

describe('reasons of prices', () => {
  const [rule] = book.rules('openai', 'gpt-4o');
  const priced = (tokens: Partial<TokenCounts>): Partial<LedgerDay> => {
    const all = { ...NO_TOKENS, ...tokens };
    return { tokens: all, costNano: costNano(all, rule!)!, priceIds: [rule!.id] };
  };

  test('half the price is batch or flex', () => {
    assert.equal(
      reasonOf({ ...sameCalls, costNano: 50 * CENT }, {}),
      'service-tier: billed at half the price: batch or flex',
    );
    assert.match(
      reasonOf({ ...sameCalls, costNano: 70 * CENT, serviceTiers: new Set(['batch']) }, {}),
      /the bill has the service tier batch, the ledger has not/,
    );
    assert.match(
      reasonOf({ ...sameCalls, costNano: 200 * CENT }, { serviceTier: 'flex' }),
      /^service-tier: the ledger has the service tier flex/,
    );
  });

  test('one factor for all models is a discount, and says which factor would fit', () => {
    const found = run(
      [
        line({ costNano: 90 * CENT, requests: 100 }),
        line({ name: 'gpt-4o-mini', costNano: 9 * CENT, requests: 100 }),
      ],
      [ledgerDay(), ledgerDay({ model: 'gpt-4o-mini', costNano: 10 * CENT })],
    );
    assert.deepEqual(codes(found), ['discount', 'discount']);
    assert.match(found[0]?.reason?.text ?? '', /price-factor: 0\.9 would fit/);
  });

  test('a factor that is set already is multiplied', () => {
    const priceIds = ['openai/gpt-4o@2026-01-01*0.9'];
    assert.match(
      reasonOf({ ...sameCalls, costNano: 80 * CENT, listNano: 100 * CENT }, { priceIds }),
      /^discount: .*price-factor: 0\.72 would fit/,
    );
  });

  test('one model alone is no discount', () => {
    assert.doesNotMatch(reasonOf({ ...sameCalls, costNano: 90 * CENT }, {}), /^discount/);
  });

  test('cached tokens in another class', () => {
    assert.equal(
      reasonOf(
        {
          requests: 100,
          costNano: 80 * CENT,
          tokens: { input: 6000, cacheRead: 4000, output: 1000 },
        },
        {},
      ),
      'cached-tokens: the bill has 4000 tokens read from the cache, the ledger 0',
    );
  });

  test('cached tokens at the full price', () => {
    const ledger = priced({ input: 1_000_000, cacheRead: 1_000_000, output: 10_000 });
    const full = costNano({ ...NO_TOKENS, input: 2_000_000, output: 10_000 }, rule!);
    assert.match(
      reasonOf({ requests: 100, costNano: full! }, ledger),
      /^cached-tokens: the bill has 1000000 tokens .* full input price/,
    );
  });

  test('the price of another date', () => {
    const dated = book.prices.find(
      ({ provider, model }) => book.rules(provider, model).length > 1 && provider === 'deepseek',
    );
    assert.ok(dated, 'the price book has a model with dated prices');
    const rules = book.rules('deepseek', dated.model);
    const tokens = { ...NO_TOKENS, input: 3_000_000, output: 500_000 };
    const costs = rules.map((one) => costNano(tokens, { ...one, windows: [] }) ?? 0);
    const [used, other] = [costs.indexOf(Math.max(...costs)), costs.indexOf(Math.min(...costs))];
    const billed = line({ name: dated.model, key: modelKey('deepseek', dated.model, book) });
    const bill: Bill = {
      provider: 'deepseek',
      utcOffsetMinutes: 0,
      period: { first: DAY, last: DAY },
      files: [],
      byModel: true,
      costDays: [{ first: DAY, last: DAY }],
      lines: [{ ...billed, requests: 100, costNano: costs[other]! }],
      notes: [],
    };
    const own = ledgerDay({
      model: dated.model,
      tokens,
      costNano: costs[used]!,
      priceIds: [rules[used]!.id],
    });
    const [found] = explain(compare(bill, [own], book), book);
    assert.equal(found?.reason?.code, 'other-price');
    assert.ok(found.reason.text.startsWith(`the bill fits ${rules[other]!.id}`), found.reason.text);
  });

  test('prices of one model say nothing about all of them together', () => {
    const ledger = priced({ input: 1_000_000, cacheRead: 1_000_000, output: 10_000 });
    const full = costNano({ ...NO_TOKENS, input: 2_000_000, output: 10_000 }, rule!);
    const bill: Bill = {
      provider: 'openai',
      utcOffsetMinutes: 0,
      period: { first: DAY, last: DAY },
      files: [],
      byModel: false,
      costDays: [{ first: DAY, last: DAY }],
      lines: [line({ kind: 'all', name: ALL_MODELS, costNano: full! })],
      notes: [],
    };
    const found = explain(compare(bill, [ledgerDay(ledger)], book), book);
    assert.deepEqual(codes(found), ['unknown']);
  });

  test('a region, any other price, other counts, nothing to go by', () => {
    assert.match(reasonOf({ ...sameCalls, costNano: 110 * CENT }, {}), /^region/);
    assert.match(
      reasonOf({ ...sameCalls, costNano: 130 * CENT }, {}),
      /^price-differs: the same tokens at 1\.300 times the price: look at openai\/gpt-4o@2026-01-01/,
    );
    assert.match(
      reasonOf(
        { requests: 100, tokens: { input: 13_000, output: 1000 }, costNano: 130 * CENT },
        {},
      ),
      /^unknown: as many requests, other token counts in the ledger: input -23\.1 %, output \+0\.0 %/,
    );
    assert.match(reasonOf({ costNano: 130 * CENT }, {}), /^unknown: .*usage export as well/);
  });
});
