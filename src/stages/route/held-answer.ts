/**
 * An answer that is held back until it passed its checks: read to its end, judged, and given on either
 * as it came or, where a check mended it, as the mended one.
 *
 * @module
 */
import { type Call, eventsOf, batchesOf, type Reply, ReplyEvent } from '../../call.ts';
import { ChoiceGatherer, choicesOf, withChoices } from '../../checks/answer.ts';
import type { Choice } from '../../checks/check.ts';
import { earlyFailure, judge, type Judgement } from '../../checks/judge.ts';
import type { Tier } from '../../config/config.ts';
import { toChunks } from '../../dialects/openai-chat-chunks.ts';

/** How often, in UTF-16 units of new text, an arriving answer is looked at for early failures. */
const LOOK_EVERY = 48;

/** An answer with its judgement. */
export interface HeldAnswer {
  readonly reply: Reply;
  readonly judgement: Judgement;
  /** The first choice as it is given to the client. */
  readonly choice: Choice | undefined;
}

/**
 * Reads the whole reply and judges it. Notes outcome and reasons in the attempt. An answer that can no
 * longer pass is ended early, which stops the upstream. Throws what the reply's events throw.
 */
export async function hold(reply: Reply, tier: Tier, call: Call): Promise<HeldAnswer> {
  const gathered =
    reply.form === 'json' ? await readJson(reply) : await readStream(reply, tier, call);
  const judgement =
    gathered.early === undefined
      ? await judge(tier, gathered.choices, { request: call.body.json })
      : rejected(gathered.early, gathered.choices);
  if (reply.attempt !== undefined) {
    reply.attempt.outcome = judgement.outcome;
    reply.attempt.reasons = judgement.reasons;
  }
  const events =
    judgement.outcome === 'repaired' ? mended(reply, gathered, judgement.choices) : gathered.events;
  return {
    reply: { ...reply, events: eventsOf(events.length === 0 ? [] : [events]) },
    judgement,
    choice: judgement.choices[0],
  };
}

interface Gathered {
  readonly events: readonly ReplyEvent[];
  readonly choices: readonly Choice[];
  /** Why the answer was ended before it was complete. */
  readonly early?: string;
}

async function readJson(reply: Reply): Promise<Gathered> {
  const events = (await batchesOf(reply)).flat();
  const body = events[0]?.value ?? {};
  return { events, choices: choicesOf(body) };
}

async function readStream(reply: Reply, tier: Tier, call: Call): Promise<Gathered> {
  const events: ReplyEvent[] = [];
  const gatherer = new ChoiceGatherer();
  let looked = 0;
  for await (const batch of reply.events) {
    events.push(...batch);
    for (const event of batch) gatherer.push(event.parse());
    const text = gatherer.textSoFar();
    if (text.length - looked < LOOK_EVERY) continue;
    looked = text.length;
    const early = earlyFailure(tier, text, { request: call.body.json });
    if (early !== undefined) return { events, choices: gatherer.choices(), early };
  }
  return { events, choices: gatherer.choices() };
}

function rejected(reason: string, choices: readonly Choice[]): Judgement {
  return { outcome: 'rejected', score: 0, reasons: [`ended early: ${reason}`], choices };
}

/** The answer with repaired choices, in the form it came in. */
function mended(
  reply: Reply,
  gathered: Gathered,
  choices: readonly Choice[],
): readonly ReplyEvent[] {
  const first = gathered.events[0];
  if (first === undefined) return [];
  if (reply.form === 'json') return [ReplyEvent.of(withChoices(first.value, choices))];
  const usage = gathered.events.findLast(({ data }) => data.includes('"usage":{'))?.value['usage'];
  const { id, created, model } = first.value;
  return toChunks({
    ...withChoices({ id, object: 'chat.completion', created, model, choices: [] }, choices),
    ...(usage === undefined ? {} : { usage }),
  });
}
