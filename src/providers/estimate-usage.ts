/**
 * Usage for answers whose provider reported none: counted here, and marked as such.
 *
 * @module
 */
import type { Call, ReplyEvent } from '../call.ts';
import { choicesOf } from '../checks/answer.ts';
import type { ErrorCode } from '../errors.ts';
import { asArray, asObject, asString } from '../json.ts';
import { countTokens, estimateRequestTokens } from '../pricing/tokens.ts';
import { asPartial, NO_TOKENS, type Usage } from '../pricing/usage.ts';
import type { OutputMeter } from './output-meter.ts';

/** Ends of an attempt that do not end the upstream's work: the request had been sent and was taken. */
const BROKEN_OFF: ReadonlySet<ErrorCode> = new Set([
  'client_disconnected',
  'upstream_timeout',
  'upstream_truncated',
]);

/** For a whole JSON answer. */
export async function estimateUsage(call: Call, event: ReplyEvent): Promise<Usage> {
  if (call.operation === 'embeddings') return estimated(call, '');
  const { value } = event;
  const thoughts = asArray(value['choices']).map((choice) => {
    const message = asObject(asObject(choice)?.['message']) ?? {};
    return asString(message['reasoning_content']) ?? asString(message['reasoning']) ?? '';
  });
  const texts = choicesOf(value).map(
    ({ text, refusal, toolCalls }) =>
      text + (refusal ?? '') + toolCalls.map((tool) => tool.name + tool.arguments).join(''),
  );
  return estimated(call, [...thoughts, ...texts].join(''));
}

/**
 * For an answer of which nothing could be read, by what ended it. Where the client left, or the provider
 * did not answer in time or broke off, it had the prompt and bills at least that; undefined where it was
 * never reached or refused, which is not billed.
 */
export async function estimateUnanswered(call: Call, code: ErrorCode): Promise<Usage | undefined> {
  return BROKEN_OFF.has(code) ? estimated(call, '') : undefined;
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
  const counted = (await countTokens(meter.text())) - reasoning;
  if (counted <= output) return asPartial(reported);
  // What the provider said it charged, it said of the tokens it knew then.
  const { reportedCostNano: _outdated, ...known } = reported;
  return asPartial({ ...known, tokens: { ...reported.tokens, output: counted } });
}

async function estimated(call: Call, answer: string): Promise<Usage> {
  const output = await countTokens(answer);
  const input = await estimateRequestTokens(call.body.json);
  return { tokens: { ...NO_TOKENS, input, output }, source: 'estimated' };
}
