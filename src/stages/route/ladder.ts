/**
 * The ladder: a task's tiers, cheapest first. A tier's answer is given when its checks accept or mend
 * it; else the next tier is asked. When none is accepted, the best answer so far is given, and the
 * trace says that it was.
 *
 * @module
 */
import type { Call, Handler, Reply, ReplyEvent } from '../../call.ts';
import { ChoiceGatherer, choicesOf } from '../../checks/answer.ts';
import type { Choice } from '../../checks/check.ts';
import { judge } from '../../checks/judge.ts';
import type { Task, Tier } from '../../config/config.ts';
import { FarthingError, toFarthingError } from '../../errors.ts';
import type { PriceLookup } from '../../pricing/price-lookup.ts';
import { type Conversations, HELD_OUT, scopeOf } from './conversations.ts';
import { type HeldAnswer, hold } from './held-answer.ts';
import { allow } from './spending-cap.ts';

/** What a climb works with. */
export interface Climb {
  readonly next: Handler;
  readonly prices: PriceLookup;
  readonly conversations: Conversations;
}

/**
 * Answers the call from the lowest tier that will do. Throws the last tier's error where no tier gave
 * any answer, `max_cost_exceeded` where no tier may be asked.
 */
export async function climb(call: Call, task: Task, climber: Climb): Promise<Reply> {
  const { tiers } = task;
  const ladder = new Ladder(call, task, climber);
  for (let index = ladder.start(); index < tiers.length; index++) {
    const tier = tiers[index];
    if (tier === undefined) break;
    const reply = await ladder.ask(tier, index);
    if (reply !== undefined) return reply;
  }
  return ladder.bestSoFar();
}

/** The state of one climb. */
class Ladder {
  readonly #call: Call;
  readonly #task: Task;
  readonly #climber: Climb;
  #best: HeldAnswer | undefined;
  #failure: FarthingError | undefined;
  #refusal: string | undefined;

  constructor(call: Call, task: Task, climber: Climb) {
    this.#call = call;
    this.#task = task;
    this.#climber = climber;
  }

  /** The tier the conversation is on, else the first. */
  start(): number {
    const { sticky, tiers } = this.#task;
    if (!sticky || tiers.length === 1) return 0;
    const { conversations } = this.#climber;
    const tier = conversations.tierOf(this.#call.body.json, scopeOf(this.#call, this.#task));
    return Math.max(0, Math.min(tier ?? 0, tiers.length - 1));
  }

  /** The tier's answer where it is to be given; undefined to go on to the next. */
  async ask(tier: Tier, index: number): Promise<Reply | undefined> {
    const call = this.#call;
    const allowance = await allow(call, tier, this.#climber.prices);
    if (!allowance.allowed) {
      this.#refusal = allowance.reason;
      call.trace.capped = true;
      return undefined;
    }
    const { maxOutputTokens } = allowance;
    try {
      const reply = await this.#climber.next({
        ...call,
        ask: { model: tier.model, tier: index, maxOutputTokens },
      });
      const last = index === this.#task.tiers.length - 1;
      const unchecked = tier.accept.length === 0 || call.operation !== 'chat';
      if (unchecked || (last && reply.form === 'stream')) {
        return this.#letThrough(reply, tier, index);
      }
      return this.#weigh(await hold(reply, tier, call), index);
    } catch (thrown) {
      this.#failure = toFarthingError(thrown);
      const { code } = this.#failure;
      if (call.departure.left || code === 'client_disconnected') throw this.#failure;
      // What is left of a budget does not pay for this tier: a dearer one is out of the question.
      if (code === 'budget_exceeded' || code === 'budget_busy') {
        call.trace.capped = true;
        return this.bestSoFar();
      }
      return undefined;
    }
  }

  /** Where no tier's answer was accepted. */
  bestSoFar(): Reply {
    if (this.#best !== undefined) {
      return this.#give(this.#best, this.#best.reply.attempt?.tier ?? 0);
    }
    throw this.#failure ?? new FarthingError('max_cost_exceeded', this.#tooDear());
  }

  #weigh(held: HeldAnswer, index: number): Reply | undefined {
    if (held.judgement.outcome !== 'rejected') return this.#give(held, index);
    // Of equal scores the later wins: it is the dearer model's.
    if (this.#best === undefined || held.judgement.score >= this.#best.judgement.score) {
      this.#best = held;
    }
    return undefined;
  }

  #give({ reply, judgement, choice }: HeldAnswer, index: number): Reply {
    this.#chosen(reply, judgement.outcome);
    this.#remember(choice, index);
    return reply;
  }

  #chosen(reply: Reply, outcome: HeldAnswer['judgement']['outcome']): void {
    const { trace } = this.#call;
    if (reply.attempt !== undefined) trace.answer = reply.attempt;
    trace.outcome = outcome;
  }

  #remember(choice: Choice | undefined, index: number): void {
    if (choice === undefined || !remembers(this.#task)) return;
    const { conversations } = this.#climber;
    const tier = this.#task.isControl === true ? HELD_OUT : index;
    const scope = scopeOf(this.#call, this.#task);
    conversations.answered(this.#call.body.json, scope, { tier, choice });
  }

  /** An answer nobody waits for to be checked: given on as it comes, judged when it is through. */
  #letThrough(reply: Reply, tier: Tier, index: number): Reply {
    this.#chosen(reply, 'unchecked');
    const watched = tier.accept.length > 0 || remembers(this.#task);
    if (!watched || this.#call.operation !== 'chat') return reply;
    return { ...reply, events: this.#watch(reply, tier, index) };
  }

  async *#watch(reply: Reply, tier: Tier, index: number): AsyncGenerator<readonly ReplyEvent[]> {
    const gatherer = new ChoiceGatherer();
    let choices: readonly Choice[] = [];
    for await (const batch of reply.events) {
      for (const event of batch) {
        if (reply.form === 'json') choices = choicesOf(event.value);
        else gatherer.push(event.parse());
      }
      yield batch;
    }
    if (reply.form === 'stream') choices = gatherer.choices();
    this.#remember(choices[0], index);
    if (tier.accept.length === 0 || reply.attempt === undefined) return;
    const judgement = await judge(tier, choices, { request: this.#call.body.json });
    // What has left cannot be mended: a repair counts as an answer that was not right.
    const outcome = judgement.outcome === 'repaired' ? 'rejected' : judgement.outcome;
    reply.attempt.outcome = outcome;
    reply.attempt.reasons = judgement.reasons;
    this.#call.trace.outcome = outcome;
  }

  #tooDear(): string {
    const why = this.#refusal ?? 'no model may be asked';
    return `The call was refused before any money was spent: ${why}. Raise the maximum cost, lower max_tokens, or shorten the prompt.`;
  }
}

/** Whether it matters which model a conversation of the task is on. */
export function remembers({ sticky, tiers, isControl }: Task): boolean {
  return sticky && (tiers.length > 1 || isControl === true);
}
