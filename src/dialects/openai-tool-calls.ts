/**
 * Tool calls of OpenAI-compatible hosts, put right. Hosts leave out ids (GLM, some Mistral hosts) or
 * indexes (Ollama), give every call the index 0, number the ids, repeat id and name in every delta, or
 * count the arguments' chunk on (Bedrock).
 *
 * @module
 */
import { asArray, asObject, type Json, type JsonObject } from '../json.ts';

/** The tool calls of one choice of a stream, which come in pieces. */
export class ToolCallMender {
  readonly #names: string[] = [];
  readonly #byId = new Map<string, number>();
  /** Our index by the host's. */
  readonly #byStated = new Map<number, number>();

  /**
   * A delta with a dense, stable index; with an id, a type and a name on the first delta of a call and
   * on no later one; with arguments as text. The delta itself where nothing had to change.
   */
  mend(delta: JsonObject): JsonObject {
    const id = idOf(delta['id']);
    const name = nameOf(delta);
    const stated = typeof delta['index'] === 'number' ? delta['index'] : undefined;
    const known = this.#find({ id, name, stated });
    const index = known ?? this.#names.length;
    if (stated !== undefined) this.#byStated.set(stated, index);
    if (id !== '') this.#byId.set(id, index);
    const rest = withTextArguments(delta);
    if (known !== undefined) return this.#later(rest, known);
    this.#names.push(name);
    const type = delta['custom'] === undefined ? 'function' : 'custom';
    const right =
      rest['index'] === index && rest['id'] === id && id !== '' && rest['type'] === type;
    return right ? rest : { ...rest, index, id: id === '' ? makeId() : id, type };
  }

  /** The index of the call that a delta continues; undefined for a new call. */
  #find({ id, name, stated }: Said): number | undefined {
    const byId = this.#byId.get(id);
    if (byId !== undefined) return byId;
    const byStated = stated === undefined ? undefined : this.#byStated.get(stated);
    const last = this.#names.length === 0 ? undefined : this.#names.length - 1;
    // Arguments alone, under whatever index, go to the call that they follow.
    if (name === '') return byStated ?? (id === '' || stated === undefined ? last : undefined);
    if (byStated === undefined || id !== '') return undefined;
    const earlier = this.#names[byStated];
    return earlier === name || earlier === '' ? byStated : undefined;
  }

  #later(delta: JsonObject, index: number): JsonObject {
    const named = asObject(delta['function']);
    const nameIsNew = this.#names[index] === '';
    if (nameIsNew) this.#names[index] = nameOf(delta);
    const dropsName = named?.['name'] !== undefined && !nameIsNew;
    if (delta['index'] === index && !dropsName && !('id' in delta) && !('type' in delta)) {
      return delta;
    }
    const { id: _id, type: _type, function: _function, ...rest } = delta;
    if (named === undefined) return { ...rest, index };
    const { name: _name, ...called } = named;
    return { ...rest, index, function: dropsName ? called : named };
  }
}

/** What a delta says of the call it belongs to; empty or undefined where it is silent. */
interface Said {
  readonly id: string;
  readonly name: string;
  readonly stated: number | undefined;
}

/** The message of a whole answer with ids and types on its tool calls; itself where nothing is missing. */
export function mendMessage(message: JsonObject): JsonObject {
  const given = asArray(message['tool_calls']);
  const mended = given.map((item) => {
    const call = asObject(item);
    if (call === undefined) return item;
    const id = idOf(call['id']);
    const type = call['custom'] === undefined ? 'function' : 'custom';
    const rest = withTextArguments(call);
    if (rest === call && call['id'] === id && id !== '' && call['type'] === type) return item;
    return { ...rest, id: id === '' ? makeId() : id, type };
  });
  return mended.some((call, index) => call !== given[index])
    ? { ...message, tool_calls: mended }
    : message;
}

/** Some hosts send an object where JSON text is meant. */
function withTextArguments(call: JsonObject): JsonObject {
  const named = asObject(call['function']);
  const given = named?.['arguments'];
  if (given === undefined || given === null || typeof given === 'string') return call;
  return { ...call, function: { ...named, arguments: JSON.stringify(given) } };
}

function idOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function nameOf(delta: JsonObject): string {
  const name = (asObject(delta['function']) ?? asObject(delta['custom']))?.['name'];
  return typeof name === 'string' ? name : '';
}

function makeId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
}
