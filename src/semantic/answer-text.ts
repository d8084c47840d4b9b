/**
 * What a kept answer says, to be compared with another.
 *
 * @module
 */
import { asArray, asObject, asString, type Json, type JsonObject, parseJson } from '../json.ts';

/**
 * The answer of a `chat.completion` as one text: its words, or JSON of its words and tool calls, without the ids
 * that each call is given anew.
 */
export function answerText(body: string): string {
  const [choice] = asArray(asObject(parseJson(body))?.['choices']);
  const message = asObject(asObject(choice)?.['message']) ?? {};
  const words = wordsOf(message['content']);
  const calls = [message['function_call'], ...asArray(message['tool_calls'])].flatMap((given) => {
    const call = asObject(given);
    return call === undefined ? [] : [callOf(call)];
  });
  return calls.length === 0 ? words : JSON.stringify({ content: words, calls });
}

function wordsOf(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .join('');
}

function callOf(call: JsonObject): JsonObject {
  const named = asObject(call['function']) ?? call;
  const { name = null, arguments: given = null } = named;
  return { name, arguments: (typeof given === 'string' ? parseJson(given) : undefined) ?? given };
}
