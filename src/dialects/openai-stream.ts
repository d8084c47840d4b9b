/**
 * A streamed answer of an OpenAI-compatible upstream. Chunks go on as they came; only those that need
 * mending are parsed.
 *
 * @module
 */
import { ReplyEvent } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asArray, asObject, asString, type Json, type JsonObject, parseJson } from '../json.ts';
import { convertOpenAIUsage } from '../pricing/usage-openai.ts';
import type { Usage } from '../pricing/usage.ts';
import type { StreamDecoder } from './dialect.ts';
import type { SseMessage } from './sse.ts';
import { decodeUpstreamError } from './upstream-error.ts';

const FINISHED = /"finish_reason"\s*:\s*"/;
const USAGE = /"usage"\s*:\s*\{/;
const ERROR = /"error"\s*:\s*[{"]/;
const MODEL = /"model"\s*:\s*"([^"\\]*)"/;

/** Decodes one stream. */
export class OpenAIStreamDecoder implements StreamDecoder {
  readonly #tools = new Map<number, ToolNames>();
  #finished = false;
  #done = false;
  #usage: Usage | undefined;
  #model: string | undefined;

  push({ event, data }: SseMessage): readonly ReplyEvent[] {
    if (this.#done || data === '') return [];
    if (data === '[DONE]') {
      this.#done = true;
      return [];
    }
    if (event === 'error' || ERROR.test(data)) this.#throwError(event, data);
    if (!data.startsWith('{') || !data.endsWith('}')) return [this.#parsed(data)];
    this.#model ??= MODEL.exec(data)?.[1];
    if (!this.#finished && FINISHED.test(data)) this.#finished = true;
    // The commonest chunk by far: some text, passed on untouched.
    const plain = data.includes('"choices"') && !data.includes('"tool_calls"') && !USAGE.test(data);
    return [plain ? new ReplyEvent(data) : this.#parsed(data)];
  }

  end(): readonly ReplyEvent[] {
    if (this.#finished || (this.#done && this.#model !== undefined)) return [];
    throw new FarthingError(
      'upstream_truncated',
      'The provider broke off in the middle of its answer.',
    );
  }

  usage(): Usage | undefined {
    return this.#usage;
  }

  model(): string | undefined {
    return this.#model;
  }

  #parsed(data: string): ReplyEvent {
    const value = asObject(parseJson(data.trim()));
    if (value === undefined) {
      throw new FarthingError('upstream_malformed', 'The provider sent an event that is not JSON.');
    }
    this.#model ??= asString(value['model']);
    const usage = convertOpenAIUsage(value['usage']);
    if (usage !== undefined) this.#usage = withTier(usage, value['service_tier']);
    const choices = asArray(value['choices']);
    const mended = choices.map((choice) => this.#mend(choice));
    const same =
      value['choices'] !== undefined && mended.every((choice, index) => choice === choices[index]);
    return same ? new ReplyEvent(data, value) : ReplyEvent.of({ ...value, choices: mended });
  }

  /** Tool call deltas get a stable index, an id on their first delta only, and a type. */
  #mend(choice: Json): Json {
    const { index, delta, ...rest } = asObject(choice) ?? {};
    const { tool_calls: calls, ...others } = asObject(delta) ?? {};
    if (!Array.isArray(calls) || calls.length === 0) return choice;
    const place = typeof index === 'number' ? index : 0;
    let names = this.#tools.get(place);
    if (names === undefined) this.#tools.set(place, (names = new ToolNames()));
    const named = names;
    const mended = calls.map((call: Json) => named.mend(asObject(call) ?? {}));
    return { ...rest, index: place, delta: { ...others, tool_calls: mended } };
  }

  #throwError(event: string | undefined, data: string): void {
    const body = asObject(parseJson(data)) ?? {};
    const inner = body['error'];
    // The word may stand in a text that the model writes.
    if (event !== 'error' && (inner === undefined || inner === null)) return;
    const code = Number(asObject(inner)?.['code'] ?? asObject(inner)?.['status']);
    const status = Number.isInteger(code) && code >= 400 && code < 600 ? code : 502;
    throw decodeUpstreamError(status, inner === undefined ? JSON.stringify({ error: body }) : data);
  }
}

/** A response names the tier it was served at; it decides the price. */
export function withTier(usage: Usage, tier: Json | undefined): Usage {
  return typeof tier === 'string' ? { ...usage, serviceTier: tier } : usage;
}

/** The tool calls of one choice of a stream. */
class ToolNames {
  readonly #idOf = new Map<number, string>();
  readonly #indexOf = new Map<string, number>();
  #last = -1;

  mend(call: JsonObject): Json {
    const { id: given, index: stated, type: _, ...rest } = call;
    const id = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
    const index = this.#place(id, stated, asObject(call['function'])?.['name']);
    const first = !this.#idOf.has(index);
    this.#last = index;
    if (!first) return { index, ...rest };
    const named = id === '' ? `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}` : id;
    this.#idOf.set(index, named);
    this.#indexOf.set(named, index);
    return { index, id: named, type: 'function', ...rest };
  }

  /** A known id keeps its index, whatever index later chunks state; without an index, a new name starts a new call. */
  #place(id: string, stated: Json | undefined, name: Json | undefined): number {
    const known = id === '' ? undefined : this.#indexOf.get(id);
    if (known !== undefined) return known;
    const startsNew = id !== '' || (typeof name === 'string' && name !== '');
    if (!startsNew && this.#last >= 0) {
      return typeof stated === 'number' && this.#idOf.has(stated) ? stated : this.#last;
    }
    if (typeof stated === 'number' && !this.#idOf.has(stated)) return stated;
    return this.#idOf.size;
  }
}
