import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Call, Handler } from '../../call.ts';
import type { HoldOut } from '../../config/spending.ts';
import type { JsonObject } from '../../json.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import { PriceLookup } from '../../pricing/price-lookup.ts';
import type { KeyRecord } from '../../stores/key-store.ts';
import {
  callOf,
  checkThat,
  modelAt,
  scripted,
  taskOf,
  textOf,
  tierOf,
} from '../../testing/stage-fixtures.ts';
import { Conversations } from '../route/conversations.ts';
import { route } from '../route/route.ts';
import { drawnShare } from './draw.ts';
import { holdOut } from './hold-out.ts';

const small = modelAt('small', 1);
const large = modelAt('large', 10);
const accepts = checkThat('any', () => true);
const task = taskOf([tierOf(small, accepts), tierOf(modelAt('middle', 5), accepts), tierOf(large)]);
const prices = new PriceLookup({ rules: () => [] } as unknown as PriceBook);

/** The stage before a ladder; conversations are kept over calls. */
function gateway(drawn: Partial<HoldOut> = {}, hasReference = true): Handler {
  const conversations = new Conversations();
  const stage = holdOut({
    holdOut: { share: 0.5, by: 'call', ...drawn },
    conversations,
    referenceOf: () => (hasReference ? large : undefined),
  });
  const models = Object.fromEntries(
    ['small', 'middle', 'large'].map((name) => [name, { text: `from ${name}` }]),
  );
  return stage.wrap(route({ prices, conversations }).wrap(scripted(models)));
}

const askedModels = ({ trace }: Call): string[] => trace.attempts.map(({ model }) => model.name);

async function ask(answer: Handler, call: Call): Promise<Call> {
  await textOf(await answer(call));
  return call;
}

const named = (id: string, more: Partial<Call> = {}, request: JsonObject = {}): Call => ({
  ...callOf(task, request),
  id,
  ...more,
});

/** An id that is drawn on this side of a half. */
function idOn(arm: 'hold-out' | 'treated'): string {
  for (let n = 0; ; n++) {
    if (drawnShare(`id-${n}`) < 0.5 === (arm === 'hold-out')) return `id-${n}`;
  }
}

describe('the hold-out', () => {
  test('is answered by the reference alone; the rest by the ladder', async () => {
    const held = await ask(gateway(), named(idOn('hold-out')));
    assert.equal(held.trace.arm, 'hold-out');
    assert.deepEqual(askedModels(held), ['large']);
    const treated = await ask(gateway(), named(idOn('treated')));
    assert.equal(treated.trace.arm, 'treated');
    assert.deepEqual(askedModels(treated), ['small']);
    assert.equal(treated.trace.unit, undefined);
  });

  test('the control is a task of one unchecked tier, the same one for all calls', async () => {
    const seen: Call['task'][] = [];
    const stage = holdOut({
      holdOut: { share: 1, by: 'call' },
      conversations: new Conversations(),
      referenceOf: () => large,
    });
    const answer = stage.wrap(async (call) => {
      seen.push(call.task);
      return { form: 'json', events: (async function* () {})() };
    });
    for (const id of ['a', 'b']) await answer(named(id));
    assert.deepEqual(seen[0]?.tiers, [{ model: large, accept: [], threshold: undefined }]);
    assert.equal(seen[0].isControl, true);
    assert.equal(seen[0].name, task.name);
    assert.equal(seen[1], seen[0]);
  });

  test('all of it at a share of 1, nothing at 0; who is held out stays so as the share grows', async () => {
    const isHeld = async (id: string, share: number): Promise<boolean> =>
      (await ask(gateway({ share }), named(id))).trace.arm === 'hold-out';
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (id, a, b) => {
          assert.ok(await isHeld(id, 1));
          assert.ok(!(await isHeld(id, 0)));
          const [less, more] = [Math.min(a, b), Math.max(a, b)];
          if (await isHeld(id, less)) assert.ok(await isHeld(id, more));
        },
      ),
    );
  });

  test('embeddings, calls without a reference and keys without it are on neither side', async () => {
    const id = idOn('hold-out');
    const key = { models: ['small', 'middle'], tasks: undefined } as unknown as KeyRecord;
    const calls = [
      await ask(gateway(), named(id, { key })),
      await ask(gateway({}, false), named(id)),
      await ask(gateway(), named(id, { operation: 'embeddings' })),
    ];
    for (const call of calls) {
      assert.equal(call.trace.arm, undefined);
      assert.deepEqual(askedModels(call), ['small']);
    }
  });

  for (const [by, tags] of [
    ['user', { user: 'ann' }],
    ['conversation', { conversation: 'c-1', session: 's-1' }],
    ['conversation', { session: 's-1' }],
  ] as const) {
    test(`drawn by ${by}, all calls of ${JSON.stringify(tags)} are on one side`, async () => {
      const answer = gateway({ by });
      const arms = new Set<string | undefined>();
      const units = new Set<string | undefined>();
      for (let n = 0; n < 20; n++) {
        const { trace } = await ask(answer, named(`id-${n}`, { tags }));
        arms.add(trace.arm);
        units.add(trace.unit);
      }
      assert.equal(arms.size, 1);
      assert.equal(units.size, 1);
      assert.ok(![...units].includes(undefined));
    });
  }

  test('a user of one key is not the user of another; no name is kept in the clear', async () => {
    const answer = gateway({ by: 'user' });
    const unitOf = async (tenant: string, user: string): Promise<string> =>
      (await ask(answer, named('x', { tenant, tags: { user } }))).trace.unit ?? '';
    const ann = await unitOf('a', 'ann');
    assert.notEqual(ann, await unitOf('b', 'ann'));
    assert.notEqual(ann, await unitOf('a', 'bob'));
    assert.ok(!ann.includes('ann'));
  });

  test('drawn by user, a call of nobody is drawn by itself', async () => {
    const arms = [];
    for (const arm of ['hold-out', 'treated'] as const) {
      const { trace } = await ask(gateway({ by: 'user' }), named(idOn(arm)));
      assert.equal(trace.unit, undefined);
      arms.push(trace.arm);
    }
    assert.deepEqual(arms, ['hold-out', 'treated']);
  });

  for (const [side, model] of [
    ['hold-out', 'large'],
    ['treated', 'small'],
  ] as const) {
    test(`a conversation that began on the side of ${side} stays there, and counts on neither`, async () => {
      const answer = gateway();
      const first = named(idOn(side));
      const text = await textOf(await answer(first));
      assert.deepEqual(askedModels(first), [model]);
      const messages = [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: text },
        { role: 'user', content: 'And then?' },
      ];
      for (const id of [idOn('hold-out'), idOn('treated')]) {
        const next = await ask(answer, named(id, {}, { messages }));
        assert.deepEqual(askedModels(next), [model]);
        assert.equal(next.trace.arm, undefined);
      }
    });
  }
});
