/**
 * Which tier a conversation is on. A dialogue or a tool loop that has begun on a model stays there: a
 * switch in the middle costs the provider's prompt cache and the model's thread.
 *
 * @module
 */
import { hash } from 'node:crypto';
import { asArray, asObject, asString, type Json, type JsonObject } from '../../json.ts';
import { RecentMap } from '../../recent-map.ts';
import type { Call } from '../../call.ts';
import type { Task } from '../../config/config.ts';
import type { Choice } from '../../checks/check.ts';

/** In place of a tier: the reference answers, because the conversation is in the hold-out. */
export const HELD_OUT = -1;

/** What keeps the conversations of tenants and tasks apart. */
export function scopeOf({ tenant }: Call, { name }: Task): string {
  return `${tenant}\n${name}`;
}

/** Conversations remembered; the longest unused are forgotten first. */
const MOST = 50_000;

/** A bounded memory from the state of a conversation to the tier that produced it. */
export class Conversations {
  readonly #tiers = new RecentMap<string, number>(MOST);

  /**
   * The tier that wrote the last assistant turn of this request, if it was written here.
   * `scope` keeps tasks and tenants apart.
   */
  tierOf(request: JsonObject, scope: string): number | undefined {
    const messages = asArray(request['messages']);
    const last = messages.findLastIndex((message) => asObject(message)?.['role'] === 'assistant');
    if (last === -1) return undefined;
    const key = keyOf(scope, messages.slice(0, last), turnOf(messages[last]));
    return this.#tiers.get(key);
  }

  /** Notes that a tier answered this request with this choice. */
  answered(
    request: JsonObject,
    scope: string,
    { tier, choice }: { tier: number; choice: Choice },
  ): void {
    const turn = choice.text + choice.toolCalls.map(({ id, name }) => `\n${id} ${name}`).join('');
    this.#tiers.set(keyOf(scope, asArray(request['messages']), turn), tier);
  }
}

/** What a client echoes of an assistant turn, whatever SDK it uses: the text, the tool calls' ids and names. */
function turnOf(message: Json | undefined): string {
  const turn = asObject(message);
  const calls = asArray(turn?.['tool_calls']).map((call) => {
    const { id, function: called } = asObject(call) ?? {};
    return `\n${asString(id) ?? ''} ${asString(asObject(called)?.['name']) ?? ''}`;
  });
  return textOf(turn?.['content']) + calls.join('');
}

function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  return asArray(content)
    .map((part) => asString(asObject(part)?.['text']) ?? '')
    .join('');
}

/** One hash of one text: feeding a hash in parts costs several times as much. */
function keyOf(scope: string, before: readonly Json[], turn: string): string {
  let text = scope;
  for (const message of before) {
    const { role, content } = asObject(message) ?? {};
    text += `\n\0${asString(role) ?? ''}\0${textOf(content)}`;
  }
  return hash('sha1', `${text}\n\0turn\0${turn}`, 'base64');
}
