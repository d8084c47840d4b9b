import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  type Attempt,
  type CacheState,
  type Call,
  NO_TIER,
  type Receipt,
  SAVING_STAGES,
} from '../call.ts';
import type { Model } from '../config/config.ts';
import { ModelRegistry } from '../config/models.ts';
import { FarthingError } from '../errors.ts';
import { callOf, modelAt, nowhere, taskOf, tierOf } from '../testing/stage-fixtures.ts';
import { PriceBook } from './price-book.ts';
import { PriceLookup } from './price-lookup.ts';
import { writeReceipt } from './receipt.ts';
import { NO_TOKENS, type TokenCounts, type Usage } from './usage.ts';

const small = modelAt('small', 1, 2);
const large = modelAt('large', 10, 20);
const unpriced = modelAt('unpriced');

const prices = new PriceLookup(PriceBook.load());

function registryOf(...models: readonly Model[]): ModelRegistry {
  const config = {
    models: new Map(models.map((model) => [model.name, model])),
    providers: new Map(),
  };
  return new ModelRegistry(config, PriceBook.load());
}

const models = registryOf(small, large, unpriced);

function attemptAt(
  model: Model,
  more: Partial<Usage> & { readonly error?: boolean } = {},
): Attempt {
  const { error, ...usage } = more;
  const startedAt = Date.UTC(2026, 10, 24);
  return {
    model,
    provider: nowhere.name,
    tier: 0,
    startedAt,
    endedAt: startedAt + 10,
    ...(error === true ? { error: new FarthingError('upstream_rejected', 'no') } : {}),
    ...(usage.tokens === undefined
      ? {}
      : { usage: { tokens: usage.tokens, source: 'provider' as const, ...usage } }),
  };
}

const used = (some: Partial<TokenCounts>): TokenCounts => ({ ...NO_TOKENS, ...some });

/** A receipt of a call with these attempts, of which the last one answered. */
function receiptOf(
  attempts: readonly Attempt[],
  options: {
    readonly answered?: boolean;
    readonly request?: object;
    readonly reference?: Model;
    readonly cache?: CacheState | undefined;
  } = {},
): Receipt {
  const call: Call = callOf(taskOf([tierOf(small), tierOf(large)]), { ...options.request });
  call.trace.attempts.push(...attempts);
  if (options.cache !== undefined) call.trace.cache = options.cache;
  const last = attempts.at(-1);
  if (options.answered !== false && last !== undefined) call.trace.answer = last;
  return writeReceipt(call, {
    prices,
    models,
    reference: options.reference ?? large,
    priceMaxAgeMs: Infinity,
  });
}

function sumOf({ countedReferenceNano, savedNano, overheadNano }: Receipt): number {
  const saved = SAVING_STAGES.reduce((sum, stage) => sum + savedNano[stage], 0);
  return countedReferenceNano - saved + overheadNano;
}

describe('writeReceipt', () => {
  test('another model than the reference is the route’s saving', () => {
    const receipt = receiptOf([attemptAt(small, { tokens: used({ input: 1000, output: 100 }) })]);
    assert.equal(receipt.costNano, 1_200_000);
    assert.equal(receipt.referenceNano, 12_000_000);
    assert.deepEqual(receipt.savedNano, { cache: 0, coalesce: 0, route: 10_800_000, service: 0 });
    assert.equal(receipt.overheadNano, 0);
  });

  test('a rejected tier is overhead, and the saving of an escalated call is negative', () => {
    const receipt = receiptOf([
      attemptAt(small, { tokens: used({ input: 1000, output: 100 }) }),
      attemptAt(large, { tokens: used({ input: 1000, output: 50 }) }),
    ]);
    assert.equal(receipt.referenceSource, 'measured');
    assert.equal(receipt.referenceNano, 11_000_000);
    assert.deepEqual(receipt.savedNano, { cache: 0, coalesce: 0, route: 0, service: 0 });
    assert.equal(receipt.overheadNano, 1_200_000);
    assert.equal(receipt.costNano, 12_200_000);
  });

  test('what the provider itself charges less than its list is the service’s saving', () => {
    const tokens = used({ input: 1000 });
    const receipt = receiptOf([attemptAt(small, { tokens, reportedCostNano: 400_000 })]);
    assert.deepEqual(receipt.savedNano, {
      cache: 0,
      coalesce: 0,
      route: 9_000_000,
      service: 600_000,
    });
    assert.equal(receipt.attempts[0]?.computedNano, 1_000_000);
    assert.equal(receipt.costNano, 400_000);
  });

  test('a tier the client asked for itself is no saving', () => {
    const flexible: Model = {
      ...large,
      price: large.price?.map((rule) => ({ ...rule, tiers: { flex: { factor: 0.5 } } })),
    };
    const tokens = used({ input: 1000 });
    const attempt = attemptAt(flexible, { tokens, serviceTier: 'flex' });
    const asked = receiptOf([attempt], { request: { service_tier: 'flex' }, reference: flexible });
    assert.deepEqual(asked.savedNano, { cache: 0, coalesce: 0, route: 0, service: 0 });
    // The reference itself answered here, so its cost is measured and equal either way.
    const other = { ...flexible, name: 'other' };
    const given = receiptOf([attemptAt(other, { tokens, serviceTier: 'flex' })], {
      reference: flexible,
    });
    assert.equal(given.referenceNano, 10_000_000);
    assert.deepEqual(given.savedNano, { cache: 0, coalesce: 0, route: 0, service: 5_000_000 });
  });

  test('a call without an answer saves nothing and costs what was tried', () => {
    const receipt = receiptOf([attemptAt(small, { tokens: used({ input: 1000 }), error: true })], {
      answered: false,
    });
    assert.equal(receipt.countedReferenceNano, 0);
    assert.equal(receipt.overheadNano, 1_000_000);
  });

  /** A receipt of a call that a kept answer of this attempt's answered. */
  function receiptOfHit(kept: Attempt, attempts: readonly Attempt[] = []): Receipt {
    const call: Call = callOf(taskOf([tierOf(small), tierOf(large)]));
    call.trace.attempts.push(...attempts);
    call.trace.answer = kept;
    call.trace.cache = 'hit';
    return writeReceipt(call, { prices, models, reference: large, priceMaxAgeMs: Infinity });
  }

  test('a hit costs nothing and saves the whole reference, whichever model had answered', () => {
    for (const model of [small, large]) {
      const receipt = receiptOfHit(
        attemptAt(model, { tokens: used({ input: 1000, output: 100 }) }),
      );
      assert.equal(receipt.costNano, 0);
      assert.deepEqual(receipt.savedNano, { cache: 12_000_000, coalesce: 0, route: 0, service: 0 });
      assert.equal(receipt.overheadNano, 0);
      assert.equal(sumOf(receipt), 0);
    }
  });

  test('a hit of a model without a price saves what the reference would have cost', () => {
    const receipt = receiptOfHit(attemptAt(unpriced, { tokens: used({ input: 1000 }) }));
    assert.equal(receipt.priced, true);
    assert.equal(receipt.savedNano.cache, 10_000_000);
  });

  test('a revalidation costs what it costs and saves nothing: nobody asked for it', () => {
    const attempt = attemptAt(small, { tokens: used({ input: 1000 }) });
    const call: Call = callOf(taskOf([tierOf(small), tierOf(large)]));
    call.trace.attempts.push(attempt);
    call.trace.answer = attempt;
    call.trace.cache = 'revalidate';
    const receipt = writeReceipt(call, {
      prices,
      models,
      reference: large,
      priceMaxAgeMs: Infinity,
    });
    assert.equal(receipt.countedReferenceNano, 0);
    assert.equal(receipt.overheadNano, 1_000_000);
    assert.equal(sumOf(receipt), receipt.costNano);
  });

  test('what embedded the question is overhead, of a hit as of a miss, and is never the reference', () => {
    const embedding = {
      ...attemptAt(large, { tokens: used({ input: 10 }) }),
      tier: NO_TIER,
    };
    const kept = attemptAt(small, { tokens: used({ input: 1000 }) });
    const call: Call = callOf(taskOf([tierOf(small), tierOf(large)]));
    call.trace.attempts.push(embedding);
    call.trace.answer = kept;
    call.trace.cache = 'semantic';
    const given = writeReceipt(call, { prices, models, reference: large, priceMaxAgeMs: Infinity });
    assert.equal(given.referenceSource, 'estimated');
    assert.deepEqual(
      [given.costNano, given.overheadNano, given.savedNano.cache],
      [100_000, 100_000, 10_000_000],
    );
    const missed = receiptOf([embedding, kept], { cache: 'miss' });
    assert.equal(missed.referenceSource, 'estimated');
    assert.deepEqual(
      [missed.referenceNano, missed.overheadNano, missed.savedNano.route],
      [10_000_000, 100_000, 9_000_000],
    );
    for (const receipt of [given, missed]) assert.equal(sumOf(receipt), receipt.costNano);
  });

  test('what cannot be priced saves nothing and is told so', () => {
    const tokens = used({ input: 1000 });
    const attempt = receiptOf([attemptAt(unpriced, { tokens })]);
    assert.equal(attempt.priced, false);
    assert.equal(attempt.countedReferenceNano, 0);
    const reference = receiptOf([attemptAt(small, { tokens })], { reference: unpriced });
    assert.equal(reference.priced, true);
    assert.equal(reference.referenceNano, undefined);
    assert.equal(reference.countedReferenceNano, reference.costNano);
    assert.equal(sumOf(reference), reference.costNano);
  });

  test('property: reference − savings + overhead = cost, in every call', () => {
    const tokens = fc
      .tuple(fc.nat(300_000), fc.nat(300_000), fc.nat(5000), fc.nat(5000))
      .map(([input, cacheRead, output, reasoning]) =>
        used({ input, cacheRead, output, reasoning }),
      );
    const attempt = fc
      .record({
        model: fc.constantFrom(small, large, unpriced),
        tokens: fc.option(tokens, { nil: undefined }),
        reported: fc.option(fc.nat(1e9), { nil: undefined }),
        tier: fc.constantFrom(undefined, 'default', 'flex', 'batch', 'scale'),
        isSide: fc.boolean(),
        error: fc.boolean(),
      })
      .map(({ model, tokens: counts, reported, tier, isSide, error }) => ({
        ...attemptAt(model, {
          error,
          ...(counts === undefined ? {} : { tokens: counts }),
          ...(reported === undefined ? {} : { reportedCostNano: reported }),
          ...(tier === undefined ? {} : { serviceTier: tier }),
        }),
        ...(isSide ? { tier: NO_TIER } : {}),
      }));
    const request = fc.constantFrom({}, { service_tier: 'flex' }, { service_tier: 'auto' });
    fc.assert(
      fc.property(
        fc.array(attempt, { maxLength: 4 }),
        fc.boolean(),
        fc.record({
          request,
          cache: fc.constantFrom(undefined, 'miss', 'hit', 'semantic', 'revalidate'),
        }),
        (attempts, answered, more) => {
          const receipt = receiptOf(attempts, { answered, ...more });
          assert.equal(sumOf(receipt), receipt.costNano);
          for (const stage of SAVING_STAGES)
            assert.ok(Number.isSafeInteger(receipt.savedNano[stage]));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
