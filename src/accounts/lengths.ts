/**
 * How long prompts and answers of a task are at a model, learned from what was. It is what money is set
 * aside by: a worst case would set aside a hundred times what calls cost, and refuse everybody at hardly
 * any spending.
 *
 * @module
 */
import type { Attempt, Call, Operation } from '../call.ts';
import { maxOutputTokens } from '../dialects/openai-chat-request.ts';
import { type Json, asArray, asNumber, parseJson } from '../json.ts';
import { inputTokens, outputTokens } from '../pricing/usage.ts';
import { RecentMap } from '../recent-map.ts';

/** What an answer is expected to need when nothing was learned, in tokens. */
export const GUESSED_OUTPUT = 256;
/** Characters of a request's JSON for each prompt token, when nothing was learned. */
const GUESSED_CHARACTERS = 4;
/** Pairs of task and model remembered; the longest unused are forgotten first. */
const MOST_PAIRS = 10_000;
/** Attempts after which what was learned counts half: old ways are forgotten. */
const HALVE_AT = 1_000;

/** Sums over attempts. */
interface Learned {
  count: number;
  characters: number;
  input: number;
  output: number;
  outputSquared: number;
}

/** Tokens that an attempt is expected to use. */
export interface ExpectedTokens {
  readonly input: number;
  /** All choices together. */
  readonly output: number;
  /** False for a guess: nothing was learned of this task at this model yet. */
  readonly learned: boolean;
}

/** A pair of task and model, by its names. */
interface Pair {
  readonly operation: Operation;
  readonly task: string;
  readonly model: string;
  readonly key: string;
}

/** Pairs that are looked through one by one: most calls are of a few, and a key takes longer to make and hash. */
const LOOKED_THROUGH = 4;

/** Learns and tells. */
export class Lengths {
  readonly #pairs = new RecentMap<string, Learned>(MOST_PAIRS);
  readonly #lately: Pair[] = [];
  #oldest = 0;

  /** Reads what {@link serialize} wrote; anything else is nothing learned. */
  static from(text: string | undefined): Lengths {
    const lengths = new Lengths();
    for (const entry of asArray(parseJson(text ?? '[]'))) lengths.#restore(entry);
    return lengths;
  }

  /** Notes what an attempt used. Only what the provider counted itself is learned from. */
  learn(call: Call, { model, usage }: Attempt): void {
    if (usage?.source !== 'provider') return;
    const key = this.#keyOf(call, model.name);
    let learned = this.#pairs.get(key);
    if (learned === undefined) {
      learned = { count: 0, characters: 0, input: 0, output: 0, outputSquared: 0 };
      this.#pairs.set(key, learned);
    }
    if (learned.count >= HALVE_AT) halve(learned);
    const output = outputTokens(usage.tokens);
    learned.count += 1;
    learned.characters += call.body.raw.length;
    learned.input += inputTokens(usage.tokens);
    learned.output += output;
    learned.outputSquared += output * output;
  }

  /**
   * What the call is expected to use at a model: its prompt by the tokens that such requests had for
   * their size, its answer at the mean and one standard deviation of such answers, and never more than
   * the client allows.
   */
  expect(call: Call, model: string): ExpectedTokens {
    const learned = this.#pairs.get(this.#keyOf(call, model));
    const most = longestAllowed(call);
    const characters = call.body.raw.length;
    if (learned === undefined) {
      const input = Math.ceil(characters / GUESSED_CHARACTERS);
      return { input, output: Math.min(GUESSED_OUTPUT * choicesOf(call), most), learned: false };
    }
    const mean = learned.output / learned.count;
    const variance = Math.max(0, learned.outputSquared / learned.count - mean * mean);
    return {
      input: Math.round((characters * learned.input) / learned.characters),
      output: Math.min(Math.round(mean + Math.sqrt(variance)), most),
      learned: true,
    };
  }

  /** As text, for the next start. */
  serialize(): string {
    return JSON.stringify(
      [...this.#pairs.entries()].map(
        ([key, { count, characters, input, output, outputSquared }]) => [
          key,
          count,
          characters,
          input,
          output,
          outputSquared,
        ],
      ),
    );
  }

  #keyOf(call: Call, model: string): string {
    const { operation } = call;
    const task = call.task?.name ?? '';
    for (const pair of this.#lately) {
      if (pair.model === model && pair.task === task && pair.operation === operation) {
        return pair.key;
      }
    }
    const key = `${operation}\n${task}\n${model}`;
    this.#lately[this.#oldest] = { operation, task, model, key };
    this.#oldest = (this.#oldest + 1) % LOOKED_THROUGH;
    return key;
  }

  #restore(entry: Json): void {
    const [key, ...numbers] = asArray(entry);
    const [count = 0, characters = 0, input = 0, output = 0, outputSquared = 0] = numbers.map(
      (value) => asNumber(value) ?? 0,
    );
    if (typeof key !== 'string' || count <= 0 || characters <= 0) return;
    this.#pairs.set(key, { count, characters, input, output, outputSquared });
  }
}

function halve(learned: Learned): void {
  learned.count /= 2;
  learned.characters /= 2;
  learned.input /= 2;
  learned.output /= 2;
  learned.outputSquared /= 2;
}

/** Tokens of all choices that the client allows; none for embeddings. */
function longestAllowed(call: Call): number {
  if (call.operation !== 'chat') return 0;
  const each = call.ask?.maxOutputTokens ?? maxOutputTokens(call.body.json) ?? Infinity;
  return each * choicesOf(call);
}

function choicesOf({ body }: Call): number {
  return Math.max(1, asNumber(body.json['n']) ?? 1);
}
