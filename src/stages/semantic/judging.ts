/**
 * Comparing kept answers with the model's own, behind the calls: what the limit of wrong answers is held by.
 *
 * @module
 */
import type { AnswerCache } from '../../cache/answer-cache.ts';
import type { Entry } from '../../cache/entry.ts';
import { batchesOf, type Call, type Handler, NO_TIER, type Trace } from '../../call.ts';
import type { SemanticPolicy } from '../../config/cache-policy.ts';
import type { Model } from '../../config/config.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import { priceOf } from '../../pricing/receipt.ts';
import { type AskJudge, type JudgeQuestion, judgeSample } from '../../semantic/agreement.ts';
import { answerText } from '../../semantic/answer-text.ts';
import type { Question } from '../../semantic/eligible.ts';
import type { Candidate, SemanticCache } from '../../semantic/semantic-cache.ts';
import type { SemanticCaches } from '../../semantic/semantic-caches.ts';
import { callBehind } from '../cache/behind.ts';

/** What judging works with. */
export interface JudgingOptions {
  readonly caches: SemanticCaches;
  readonly answers: AnswerCache;
  readonly prices: PriceLookup;
  /** Asks `call.ask` within the budgets. */
  readonly ask: Handler;
  /** Puts the ledger around a handler: what is asked behind a call is a call of its own in it. */
  readonly settled: (handler: Handler) => Handler;
}

/** A question that was looked up. */
export interface LookedUp {
  readonly question: Question;
  readonly vector: Float32Array;
  readonly cache: SemanticCache;
  readonly policy: SemanticPolicy;
  /** The hit that is to be compared with the model's answer; undefined: none. */
  readonly hit?: Candidate & { readonly served: boolean };
}

/** Waits for the model's answers, and compares. No client waits for any of it, and none hears of its failures. */
export class Judging {
  readonly #options: JudgingOptions;
  readonly #lookedUp = new WeakMap<Trace, LookedUp>();

  constructor(options: JudgingOptions) {
    this.#options = options;
  }

  /** Notes what to do once the call's answer is kept. */
  expect({ trace }: Call, lookedUp: LookedUp): void {
    this.#lookedUp.set(trace, lookedUp);
  }

  /**
   * To be told of each answer that the exact cache has kept: it is found by likeness from now on. Only what
   * is worth keeping is compared: an answer that failed its checks says nothing about another.
   */
  async kept(call: Call, entry: Entry): Promise<void> {
    const found = this.#lookedUp.get(call.trace);
    if (found === undefined) return;
    this.#lookedUp.delete(call.trace);
    const { cache, question, vector } = found;
    const { key: id, deadAt } = entry;
    this.#options.caches.add(cache, { id, question, vector, deadAt });
    await this.#judge(call, found, entry);
  }

  /** Asks the model behind an answer that was given; its own answer is kept, too. */
  verify(call: Call, lookedUp: LookedUp, next: Handler): void {
    const { answers, settled } = this.#options;
    const own = callBehind(call);
    this.expect(own, lookedUp);
    const ask = settled(next);
    answers.background(
      this.#counted(own, lookedUp, async () => {
        const { events } = await ask(own);
        for await (const _ of events);
      }),
    );
  }

  async #judge(call: Call, { cache, question, policy, hit, ...found }: LookedUp, fresh: Entry) {
    if (hit === undefined) return;
    const { answers, caches } = this.#options;
    const entry = await answers.store.get(hit.entryId);
    if (entry === undefined) {
      cache.remove(hit.entryId);
      return;
    }
    const sample = {
      asked: question.text,
      kept: hit.kept,
      freshAnswer: answerText(fresh.body),
      keptAnswer: answerText(entry.body),
    };
    const { judge } = policy;
    const ask: AskJudge | undefined =
      judge &&
      (async (asked) => this.#askJudge(call, judge, { ...found, question, cache, policy, asked }));
    const { verdict } = await judgeSample(sample, ask);
    const { similarity, served } = hit;
    const { evidence, tenant, task } = question;
    cache.learned({ evidence, similarity, verdict, served });
    if (verdict !== 'unknown') return;
    const at = Date.now();
    caches.review({ key: hit.entryId, evidence, tenant, task, ...sample, similarity, served, at });
  }

  async #askJudge(
    call: Call,
    model: Model,
    { asked, ...lookedUp }: LookedUp & { readonly asked: JudgeQuestion },
  ): Promise<string> {
    // Without a temperature: models that think take none.
    const json = {
      model: model.name,
      messages: [
        { role: 'system', content: asked.system },
        { role: 'user', content: asked.user },
      ],
    };
    const own: Call = {
      ...callBehind(call),
      body: { raw: JSON.stringify(json), json },
      ask: { model, tier: NO_TIER, maxOutputTokens: asked.maxTokens },
    };
    const ask = this.#options.settled(async (judging) => {
      const reply = await this.#options.ask(judging);
      if (reply.attempt !== undefined) judging.trace.answer = reply.attempt;
      return reply;
    });
    return this.#counted(own, lookedUp, async () => {
      const [event] = (await batchesOf(await ask(own))).flat();
      return event === undefined ? '' : answerText(event.data);
    });
  }

  /** Counts what a call of ours cost, whatever becomes of it. */
  async #counted<Result>(
    own: Call,
    { cache, question }: Pick<LookedUp, 'cache' | 'question'>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work();
    } finally {
      cache.spent(question, 'judging', priceOf(own.trace.attempts, this.#options.prices));
    }
  }
}
