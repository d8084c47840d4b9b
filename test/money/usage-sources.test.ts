/**
 * Where a row's tokens come from, for every way in which an answer can end: `provider`, `partial`,
 * `estimated` and `unavailable` are told apart, a reported zero stays zero, and a missing number never is.
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/json.ts';
import {
  answers,
  chunks,
  completion,
  fails,
  jsonAnswer,
  type Piece,
  rawStream,
  streamOf,
} from '../../src/testing/fake-upstream.ts';
import type { House, HouseOptions } from '../e2e/harness.ts';
import { ask, inHouse, used } from './asking.ts';

const TEXT = 'A farthing was a quarter of a penny.';
const USAGE = { prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 };
const ZERO = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
/** Some hosts report with the first chunk, when only the prompt is known. */
const EARLY = { prompt_tokens: 12, completion_tokens: 0, total_tokens: 12 };

const data = (event: JsonObject): string => `data: ${JSON.stringify(event)}\n\n`;
const delta = (
  content: string,
  more: JsonObject = {},
  finish: string | null = null,
): JsonObject => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'small-v1',
  choices: [{ index: 0, delta: content === '' ? {} : { content }, finish_reason: finish }],
  ...more,
});
const end = (more: JsonObject = {}, finish = 'stop'): JsonObject => delta('', more, finish);
const usageChunk = (usage: JsonObject): JsonObject => ({ ...delta(''), choices: [], usage });
const stream = (...events: readonly JsonObject[]): Piece[] => events.map(data);
const overloaded = { error: { message: 'overloaded', type: 'server_error', code: 503 } };

const openai =
  (run: (house: House) => Promise<void>, options: HouseOptions = {}) =>
  async () =>
    inHouse(options, run);
const anthropic = (run: (house: House) => Promise<void>) => async () =>
  inHouse({ dialect: 'anthropic' }, run);

describe('a provider that reports', () => {
  for (const streamed of [false, true]) {
    const form = streamed ? 'stream' : 'JSON';

    test(
      `${form}: its numbers are taken, whatever the finish`,
      openai(async (house) => {
        for (const finishReason of ['stop', 'length', 'content_filter', 'tool_calls']) {
          house.upstream.respond(answers(TEXT, { usage: USAGE, finishReason }));
          const { attempt, call } = await ask(house, { stream: streamed });
          assert.equal(attempt.usageSource, 'provider', finishReason);
          assert.deepEqual(used(attempt), { input: 12, output: 9 });
          assert.equal(attempt.costNano, 12 * 1000 + 9 * 2000);
          assert.equal(call.status, 200);
        }
      }),
    );

    test(
      `${form}: a reported zero is zero`,
      openai(async (house) => {
        house.upstream.respond(answers(TEXT, { usage: ZERO }));
        const { attempt } = await ask(house, { stream: streamed });
        assert.equal(attempt.usageSource, 'provider');
        assert.deepEqual(used(attempt), {});
        assert.equal(attempt.costNano, 0);
      }),
    );

    test(
      `${form}: nothing reported is counted here, and never zero`,
      openai(async (house) => {
        for (const usage of [null, { total_tokens: null }, { prompt_tokens: 'many' }]) {
          house.upstream.respond(answers(TEXT, { usage }));
          const { attempt } = await ask(house, { stream: streamed });
          assert.equal(attempt.usageSource, 'estimated');
          assert.ok(attempt.tokens.input > 5 && attempt.tokens.output > 5);
          const { input, output } = attempt.tokens;
          assert.equal(attempt.costNano, input * 1000 + output * 2000);
        }
      }),
    );
  }

  test(
    'usage that was told before the text is partial, even in an answer that is whole',
    openai(async (house) => {
      const events = [delta('', { usage: EARLY }), delta(TEXT), end()];
      house.upstream.respond(rawStream(...stream(...events), 'data: [DONE]\n\n'));
      const { attempt, call } = await ask(house, { stream: true });
      assert.equal(call.status, 200);
      assert.equal(attempt.usageSource, 'partial');
      assert.equal(attempt.tokens.input, 12);
      assert.ok(attempt.tokens.output > 5);
    }),
  );

  test(
    'a host that writes its JSON with spaces is counted like any other',
    openai(async (house) => {
      const spaced = (event: JsonObject): string =>
        `data: ${JSON.stringify(event).replaceAll('":', '": ')}\n\n`;
      house.upstream.respond(rawStream(spaced(delta(TEXT)), spaced(end()), 'data: [DONE]\n\n'));
      const { attempt } = await ask(house, { stream: true });
      assert.equal(attempt.usageSource, 'estimated');
      assert.ok(attempt.tokens.output > 5);
    }),
  );

  test(
    'thoughts that are shown and not reported are counted',
    openai(async (house) => {
      const thinking = 'First I think about pennies. '.repeat(10);
      house.upstream.respond(
        answers('Yes.', { usage: null, message: { reasoning_content: thinking } }),
      );
      for (const streamed of [false, true]) {
        const { attempt } = await ask(house, { stream: streamed });
        assert.ok(attempt.tokens.output > 50, String(attempt.tokens.output));
      }
    }),
  );
});

describe('a client that leaves', () => {
  test(
    'in the middle of a stream without usage: estimated',
    openai(async (house) => {
      house.upstream.respond(rawStream(...stream(delta(TEXT)), { end: 'hang' }));
      const { attempt, call } = await ask(house, { stream: true, leaveAfter: 'penny' });
      assert.equal(call.status, 499);
      assert.equal(attempt.usageSource, 'estimated');
      assert.ok(attempt.tokens.input > 5 && attempt.tokens.output > 5);
      assert.ok((attempt.costNano ?? 0) > 0);
    }),
  );

  test(
    'after some usage: partial, with what was said since counted here',
    openai(async (house) => {
      const events = [delta('', { usage: EARLY }), delta(TEXT)];
      house.upstream.respond(rawStream(...stream(...events), { end: 'hang' }));
      const { attempt, call } = await ask(house, { stream: true, leaveAfter: 'penny' });
      assert.equal(call.status, 499);
      assert.equal(attempt.usageSource, 'partial');
      assert.equal(attempt.tokens.input, 12);
      assert.ok(attempt.tokens.output > 5);
    }),
  );

  test(
    'after the whole usage: the provider’s',
    openai(async (house) => {
      // In one write, so that the gateway has the usage when the client has the text.
      const events = stream(delta(TEXT), end(), usageChunk(USAGE)).join('');
      house.upstream.respond(rawStream(events, { end: 'hang' }));
      const { attempt } = await ask(house, { stream: true, leaveAfter: '"stop"' });
      assert.equal(attempt.usageSource, 'provider');
      assert.deepEqual(used(attempt), { input: 12, output: 9 });
    }),
  );

  for (const streamed of [false, true]) {
    test(
      `before anything came (${streamed ? 'stream' : 'JSON'}): the prompt was taken, and is counted`,
      openai(async (house) => {
        house.upstream.respond({ pieces: [{ end: 'hang' }] });
        const { attempt, call } = await ask(house, { stream: streamed, leaveAfter: '' });
        assert.equal(call.status, 499);
        assert.equal(attempt.usageSource, 'estimated');
        assert.ok(attempt.tokens.input > 5);
        assert.equal(attempt.tokens.output, 0);
        assert.equal(attempt.costNano, attempt.tokens.input * 1000);
      }),
    );
  }
});

describe('an upstream that fails', () => {
  test(
    'in the middle, after some usage: partial',
    openai(async (house) => {
      const events = [delta('', { usage: EARLY }), delta(TEXT), overloaded];
      house.upstream.respond(rawStream(...stream(...events)));
      const { attempt, call } = await ask(house, { stream: true });
      assert.equal(call.status, 503);
      assert.equal(attempt.usageSource, 'partial');
      assert.equal(attempt.tokens.input, 12);
      assert.ok(attempt.tokens.output > 5);
      assert.equal(call.referenceNano, 0);
    }),
  );

  test(
    'in the middle, without usage: estimated, however text and error were packed',
    openai(async (house) => {
      // One write: text and error arrive in the same piece.
      house.upstream.respond(rawStream(stream(delta(TEXT), overloaded).join('')));
      const { attempt } = await ask(house, { stream: true });
      assert.equal(attempt.usageSource, 'estimated');
      assert.ok(attempt.tokens.output > 5);
    }),
  );

  test(
    'after the answer and its usage: the provider’s numbers stay',
    openai(async (house) => {
      const events = [delta(TEXT), end(), usageChunk(USAGE), overloaded];
      house.upstream.respond(rawStream(...stream(...events)));
      const { attempt, call } = await ask(house, { stream: true });
      assert.equal(call.status, 503);
      assert.equal(attempt.usageSource, 'provider');
      assert.deepEqual(used(attempt), { input: 12, output: 9 });
    }),
  );

  test(
    'instead of answering: nothing is known and nothing is billed',
    openai(async (house) => {
      for (const behaviour of [fails(500), fails(429), jsonAnswer(overloaded)]) {
        house.upstream.respond(behaviour);
        const { attempt } = await ask(house);
        assert.equal(attempt.usageSource, 'unavailable');
        assert.deepEqual([used(attempt), attempt.costNano], [{}, 0]);
      }
      house.upstream.respond(rawStream(...stream(overloaded)));
      const { attempt } = await ask(house, { stream: true });
      assert.equal(attempt.usageSource, 'unavailable');
      assert.deepEqual([used(attempt), attempt.costNano], [{}, 0]);
    }),
  );

  test(
    'by not answering in time, or by breaking off a JSON answer: the prompt is counted',
    openai(
      async (house) => {
        const headers = { 'content-type': 'application/json' };
        const half = JSON.stringify(completion(TEXT)).slice(0, 40);
        for (const ending of ['hang', 'reset'] as const) {
          house.upstream.respond({ headers, pieces: [half, { pause: 20 }, { end: ending }] });
          const { attempt } = await ask(house);
          assert.equal(attempt.usageSource, 'estimated', ending);
          assert.equal(attempt.costNano, attempt.tokens.input * 1000);
          assert.ok(attempt.tokens.input > 5);
        }
      },
      { provider: ', idle-timeout: 300ms' },
    ),
  );

  test(
    'with a cost that it had told too early: the cost is of fewer tokens, and is not taken',
    openai(async (house) => {
      const usage = { ...EARLY, cost: 0.000_001 };
      house.upstream.respond(rawStream(...stream(delta('', { usage }), delta(TEXT), overloaded)));
      const { attempt } = await ask(house, { stream: true });
      assert.equal(attempt.reportedNano, undefined);
      assert.equal(attempt.costNano, 12 * 1000 + attempt.tokens.output * 2000);
    }),
  );
});

describe('Anthropic', () => {
  const START = { input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 1 };
  const start = { type: 'message_start', message: { id: 'm', model: 'small-v1', usage: START } };
  const text = {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: TEXT },
  };
  const stop = (usage?: JsonObject): JsonObject => ({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    ...(usage === undefined ? {} : { usage }),
  });
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  const done = { type: 'message_stop' };
  const growing = { type: 'message_delta', delta: {}, usage: { output_tokens: 4 } };

  test(
    'usage of message_delta is cumulative: the last counts, once',
    anthropic(async (house) => {
      const events = [start, text, growing, stop({ output_tokens: 9 }), done];
      house.upstream.respond(rawStream(...stream(...events)));
      const { attempt } = await ask(house, { stream: true });
      assert.equal(attempt.usageSource, 'provider');
      assert.deepEqual(used(attempt), { input: 10, cacheRead: 100, output: 9 });
    }),
  );

  test(
    'a 0 for a prompt that is known already is no zero',
    anthropic(async (house) => {
      const zero = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 9 };
      house.upstream.respond(rawStream(...stream(start, text, stop(zero), done)));
      const { attempt } = await ask(house, { stream: true });
      assert.deepEqual(used(attempt), { input: 10, cacheRead: 100, output: 9 });
    }),
  );

  test(
    'an end without a count of the output: partial, and the client is told the same numbers',
    anthropic(async (house) => {
      house.upstream.respond(rawStream(...stream(start, text, stop(), done)));
      const { attempt, text: seen } = await ask(house, { stream: true, wantsUsage: true });
      assert.equal(attempt.usageSource, 'partial');
      assert.ok(attempt.tokens.output > 5);
      assert.match(seen, new RegExp(`"completion_tokens":${attempt.tokens.output},`));
    }),
  );

  test(
    'a client that leaves, an error event, a broken connection: the prompt is known, the output counted',
    anthropic(async (house) => {
      const left = rawStream(...stream(start, text), { end: 'hang' });
      house.upstream.respond(left);
      const leaving = await ask(house, { stream: true, leaveAfter: 'penny' });
      house.upstream.respond(rawStream(...stream(start, text, error)));
      const failing = await ask(house, { stream: true });
      house.upstream.respond(rawStream(...stream(start, text), { pause: 20 }, { end: 'reset' }));
      const broken = await ask(house, { stream: true });
      for (const { attempt } of [leaving, failing, broken]) {
        assert.equal(attempt.usageSource, 'partial');
        assert.equal(attempt.tokens.cacheRead, 100);
        assert.ok(attempt.tokens.output > 5);
      }
    }),
  );

  test(
    'an error event after the last usage: the provider’s numbers stay',
    anthropic(async (house) => {
      house.upstream.respond(rawStream(...stream(start, text, stop({ output_tokens: 9 }), error)));
      const { attempt, call } = await ask(house, { stream: true });
      assert.equal(call.status, 529);
      assert.equal(attempt.usageSource, 'provider');
      assert.equal(attempt.tokens.output, 9);
    }),
  );
});

test(
  'JSON where a stream was asked for, and a stream without [DONE], report all the same',
  openai(async (house) => {
    house.upstream.respond(jsonAnswer(completion(TEXT, { usage: USAGE })));
    assert.equal((await ask(house, { stream: true })).attempt.usageSource, 'provider');
    const events = chunks(TEXT, { usage: USAGE }).map((event) => JSON.stringify(event));
    house.upstream.respond(streamOf(events));
    assert.equal((await ask(house, { stream: true })).attempt.usageSource, 'provider');
  }),
);
