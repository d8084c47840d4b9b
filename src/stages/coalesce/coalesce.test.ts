import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Attempt, type Call, type Handler, type Reply, ReplyEvent } from '../../call.ts';
import { Departure } from '../../departure.ts';
import { FarthingError } from '../../errors.ts';
import {
  callOf,
  modelAt,
  nowhere,
  promised,
  taskOf,
  tierOf,
} from '../../testing/stage-fixtures.ts';
import { coalesce } from './coalesce.ts';

const model = modelAt('small', 1);
const task = taskOf([tierOf(model)]);

function callWith(sameAs: string | undefined, stream = false): Call {
  const call = callOf(task, { stream });
  return { ...call, ...(sameAs === undefined ? {} : { sameAs }), trace: { attempts: [], task } };
}

/** An upstream whose answers are let go by the test, piece by piece. */
class Upstream {
  readonly asked: Call[] = [];
  readonly #streams: { push: (text: string) => void; end: (error?: Error) => void }[] = [];
  aborted = 0;

  readonly handler: Handler = async (call) => {
    this.asked.push(call);
    const attempt: Attempt = { model, provider: nowhere.name, tier: 0, startedAt: 0, status: 200 };
    call.trace.attempts.push(attempt);
    call.trace.answer = attempt;
    call.trace.outcome = 'unchecked';
    const queue: (string | Error | undefined)[] = [];
    let wake = (): void => undefined;
    const put = (item: string | Error | undefined): void => {
      queue.push(item);
      wake();
    };
    this.#streams.push({ push: put, end: (error) => put(error) });
    call.departure.listen(() => {
      this.aborted++;
      put(new FarthingError('client_disconnected', 'gone'));
    });
    async function* said(): AsyncGenerator<readonly ReplyEvent[]> {
      for (;;) {
        while (queue.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const item = queue.shift();
        if (item instanceof Error) throw item;
        if (item === undefined) return;
        yield [new ReplyEvent(item)];
      }
    }
    const form = call.body.json['stream'] === true ? 'stream' : 'json';
    return { form, events: said(), attempt } satisfies Reply;
  };

  push(text: string, index = 0): void {
    this.#streams[index]?.push(text);
  }

  end(error?: Error, index = 0): void {
    this.#streams[index]?.end(error);
  }
}

const settled = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function read(reply: Reply): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of reply.events) texts.push(...batch.map(({ data }) => data));
  return texts;
}

describe('coalesce', () => {
  test('calls with the same key are one question; others, and those without a key, are their own', async () => {
    const upstream = new Upstream();
    const handler = promised(coalesce().wrap(upstream.handler));
    const calls = ['a', 'a', 'b', undefined, undefined].map((key) => callWith(key));
    const replies = calls.map(async (call) => read(await handler(call)));
    await settled();
    assert.equal(upstream.asked.length, 4);
    for (let index = 0; index < 4; index++) {
      upstream.push(`answer ${index}`, index);
      upstream.end(undefined, index);
    }
    assert.deepEqual((await Promise.all(replies)).flat(), [
      'answer 0',
      'answer 0',
      'answer 1',
      'answer 2',
      'answer 3',
    ]);
    const [leader, follower] = calls;
    assert.equal(leader?.trace.attempts.length, 1);
    assert.equal(follower?.trace.attempts.length, 0);
    assert.equal(follower?.trace.coalescedWith, leader?.id);
    assert.equal(follower?.trace.answer, leader?.trace.attempts[0]);
    assert.equal(follower?.trace.outcome, 'unchecked');
    // What is over is not joined any more.
    const late = callWith('a');
    void handler(late);
    await settled();
    assert.equal(upstream.asked.length, 5);
  });

  test('who joins in the middle of a stream gets all of it; streams and JSON are apart', async () => {
    const upstream = new Upstream();
    const handler = promised(coalesce().wrap(upstream.handler));
    const first = handler(callWith('a', true)).then(read);
    await settled();
    upstream.push('one');
    await settled();
    const second = handler(callWith('a', true)).then(read);
    const json = handler(callWith('a'));
    await settled();
    assert.equal(upstream.asked.length, 2);
    upstream.push('two');
    upstream.end();
    assert.deepEqual(await first, ['one', 'two']);
    assert.deepEqual(await second, ['one', 'two']);
    upstream.push('whole', 1);
    upstream.end(undefined, 1);
    assert.deepEqual(await read(await json), ['whole']);
  });

  test('the leader’s client leaves: the others go on, and the leader is settled when it is over', async () => {
    const upstream = new Upstream();
    const handler = promised(coalesce().wrap(upstream.handler));
    const leader = { ...callWith('a', true), departure: new Departure() };
    const reply = await handler(leader);
    const follower = handler(callWith('a', true)).then(read);
    const events = reply.events[Symbol.asyncIterator]();
    upstream.push('one');
    assert.equal((await events.next()).value[0].data, 'one');
    let isSettled = false;
    const pending = events.next().catch(() => (isSettled = true));
    leader.departure.leave();
    await settled();
    assert.equal(isSettled, false);
    assert.equal(upstream.aborted, 0);
    upstream.push('two');
    upstream.end();
    assert.deepEqual(await follower, ['one', 'two']);
    await pending;
    assert.equal(isSettled, true);
  });

  test('a follower that leaves in the middle has no reference: nothing that it saved is known', async () => {
    const upstream = new Upstream();
    const handler = promised(coalesce().wrap(upstream.handler));
    const leader = handler(callWith('a', true)).then(read);
    const follower = callWith('a', true);
    const reply = await handler(follower);
    assert.ok(follower.trace.answer);
    await reply.events[Symbol.asyncIterator]().return?.();
    assert.equal(follower.trace.answer, undefined);
    upstream.push('whole');
    upstream.end();
    assert.deepEqual(await leader, ['whole']);
  });

  test('when all have left the question is given up', async () => {
    const upstream = new Upstream();
    const handler = promised(coalesce().wrap(upstream.handler));
    const replies = await Promise.all([1, 2].map(async () => handler(callWith('a', true))));
    // The leader's ends when the question has: all at once, as clients leave.
    await Promise.all(replies.map(async ({ events }) => events[Symbol.asyncIterator]().return?.()));
    assert.equal(upstream.aborted, 1);
    void handler(callWith('a', true));
    await settled();
    assert.equal(upstream.asked.length, 2);
  });

  test('a follower whose client leaves while it waits is let go at once', async () => {
    const upstream = new Upstream();
    const handler = promised(coalesce().wrap(upstream.handler));
    const leader = handler(callWith('a'));
    const follower = { ...callWith('a'), departure: new Departure() };
    const waiting = handler(follower);
    follower.departure.leave();
    await assert.rejects(waiting, { code: 'client_disconnected' });
    upstream.push('whole');
    upstream.end();
    assert.deepEqual(await read(await leader), ['whole']);
  });

  test('an error of the request is everybody’s; any other is the leader’s, and one of the others leads next', async () => {
    const failing = (error: FarthingError) => {
      let asked = 0;
      const handler = coalesce().wrap(async (call) => {
        asked++;
        await settled();
        if (asked === 1) throw error;
        call.trace.attempts.push({ model, provider: 'p', tier: 0, startedAt: 0 });
        return {
          form: 'json',
          events: (async function* () {
            yield [new ReplyEvent('ok')];
          })(),
        };
      });
      return { handler, asked: () => asked };
    };
    const refused = failing(new FarthingError('invalid_value', 'no'));
    const all = await Promise.allSettled([1, 2, 3].map(async () => refused.handler(callWith('a'))));
    assert.ok(all.every(({ status }) => status === 'rejected'));
    assert.equal(refused.asked(), 1);
    for (const code of [
      'budget_exceeded',
      'upstream_unavailable',
      'rate_limit_exceeded',
    ] as const) {
      const unlucky = failing(new FarthingError(code, 'no'));
      const each = await Promise.allSettled(
        [1, 2, 3].map(async () => unlucky.handler(callWith('a'))),
      );
      assert.deepEqual(
        each.map(({ status }) => status),
        ['rejected', 'fulfilled', 'fulfilled'],
      );
      assert.equal(unlucky.asked(), 2);
    }
  });

  test('property: whoever joins and leaves when, nobody misses or repeats an event, and each attempt is in one trace', async () => {
    const step = fc.constantFrom('join', 'push', 'leave', 'tick');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const upstream = new Upstream();
        const handler = promised(coalesce().wrap(upstream.handler));
        const calls: Call[] = [];
        const readers: Promise<string[]>[] = [];
        const left = new Set<number>();
        let pushed = 0;
        for (const what of steps) {
          if (what === 'join') {
            const call = { ...callWith('a', true), departure: new Departure() };
            calls.push(call);
            readers.push(
              handler(call)
                .then(read)
                .catch(() => ['gone']),
            );
          } else if (what === 'push') upstream.push(String(pushed++), upstream.asked.length - 1);
          else if (what === 'leave' && calls.length > left.size) {
            const index = left.size;
            left.add(index);
            calls[index]?.departure.leave();
          } else await settled();
        }
        await settled();
        for (let index = 0; index < upstream.asked.length; index++) upstream.end(undefined, index);
        const texts = await Promise.all(readers);
        const attempts = calls.flatMap(({ trace }) => trace.attempts);
        assert.equal(attempts.length, upstream.asked.length);
        assert.equal(new Set(attempts).size, attempts.length);
        for (const [index, text] of texts.entries()) {
          if (left.has(index)) continue;
          const numbers = text.map(Number);
          assert.ok(
            numbers.every((value, place) => place === 0 || value === (numbers[place - 1] ?? 0) + 1),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
