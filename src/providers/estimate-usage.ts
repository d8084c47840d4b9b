/**
 * Usage for answers whose provider reported none: counted here, and marked as such.
 *
 * @module
 */
import type { Call, ReplyEvent } from '../call.ts';
import { choicesOf } from '../checks/answer.ts';
import { countTokens, estimateRequestTokens } from '../pricing/tokens.ts';
import { NO_TOKENS, type Usage } from '../pricing/usage.ts';
import type { OutputMeter } from './output-meter.ts';

/** For a whole JSON answer. */
export async function estimateUsage(call: Call, event: ReplyEvent): Promise<Usage> {
  if (call.operation === 'embeddings') return estimated(call, '');
  const texts = choicesOf(event.value).map(
    ({ text, refusal, toolCalls }) =>
      text + (refusal ?? '') + toolCalls.map((tool) => tool.name + tool.arguments).join(''),
  );
  return estimated(call, texts.join(''));
}

/**
 * For a stream that ended, wherever it ended: what the provider reported where it did so at the end;
 * what it reported early, with the output counted here; else all counted here.
 */
export async function estimateStreamUsage(
  call: Call,
  reported: Usage | undefined,
  meter: OutputMeter,
): Promise<Usage> {
  if (reported?.source === 'provider') return reported;
  if (reported === undefined) return estimated(call, meter.text());
  const { output, reasoning } = reported.tokens;
  const counted = await countTokens(meter.text());
  const tokens = { ...reported.tokens, output: Math.max(output, counted - reasoning) };
  return { ...reported, tokens, source: 'partial' };
}

async function estimated(call: Call, answer: string): Promise<Usage> {
  const output = await countTokens(answer);
  const input = await estimateRequestTokens(call.body.json);
  return { tokens: { ...NO_TOKENS, input, output }, source: 'estimated' };
}
