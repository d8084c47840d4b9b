/**
 * The last chunk of a stream: its usage, and what the call cost. Headers left before that was known.
 *
 * @module
 */
import { type Call, ReplyEvent } from '../../call.ts';
import { type Json, type JsonObject, asObject } from '../../json.ts';
import type { Receipt } from '../../call.ts';
import { toOpenAIUsage } from '../../pricing/usage-openai.ts';

const USAGE = /"usage"\s*:\s*\{/;
const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/** True for the chunk that carries nothing but usage. Looks at the text; parses nothing. */
export function isUsageOnly({ data }: ReplyEvent): boolean {
  return data.includes('"usage"') && NO_CHOICES.test(data) && USAGE.test(data);
}

/**
 * The chunk with the call's usage and, in dollars, `usage.cost` and `usage.cost_details` (names as
 * OpenRouter's). `model` is the upstream's usage chunk, or any other chunk to take id and model from.
 */
export function closingChunk(
  call: Call,
  receipt: Receipt,
  like: ReplyEvent | undefined,
): ReplyEvent {
  const chunk: JsonObject = like?.value ?? {};
  // What was told early, or not at all, was counted here: the client is told what the ledger has.
  const isFinal = call.trace.answer?.usage?.source === 'provider';
  const usage = (isFinal ? asObject(chunk['usage']) : undefined) ?? usageOf(call);
  return ReplyEvent.of({
    id: chunk['id'] ?? call.id,
    object: 'chat.completion.chunk',
    created: chunk['created'] ?? Math.floor(call.startedAt / 1000),
    model: chunk['model'] ?? call.trace.answer?.model.id ?? null,
    choices: [],
    usage: { ...usage, ...money(receipt) },
  });
}

function usageOf(call: Call): JsonObject {
  const usage = call.trace.answer?.usage;
  return usage === undefined ? {} : toOpenAIUsage(usage);
}

/** Dollars as JSON numbers; the ledger has the exact integers. */
function money({ priced, costNano, referenceNano }: Receipt): Record<string, Json> {
  if (!priced) return { cost: null };
  const cost = costNano / 1e9;
  if (referenceNano === undefined) return { cost, cost_details: { cost_nano_usd: costNano } };
  return {
    cost,
    cost_details: {
      cost_nano_usd: costNano,
      reference_nano_usd: referenceNano,
      saved_nano_usd: referenceNano - costNano,
    },
  };
}
