/**
 * A bounded map by long texts.
 *
 * A Map hashes its keys whole, character by character, which takes about as long as parsing them. Here some
 * characters of a text tell where to look, and the comparison, which is far quicker, decides.
 *
 * @module
 */

interface Entry<Value> {
  readonly text: string;
  readonly value: Value;
}

type Places<Value> = Map<number, readonly Entry<Value>[]>;

/** Texts that share their sample are compared one after the other: of more than this many the oldest go. */
const MOST_ALIKE = 16;
/** Characters of a sample: so many spread over the text, and so many at its end, where most texts differ. */
const SAMPLED = 64;

/**
 * Keeps about the `mostText / 2` to `mostText` UTF-16 units of text that were used last, in two generations
 * like `RecentMap`.
 */
export class TextMap<Value> {
  readonly #half: number;
  #young: Places<Value> = new Map();
  #old: Places<Value> = new Map();
  #youngText = 0;

  constructor(mostText: number) {
    this.#half = mostText / 2;
  }

  /** The value, which counts as used now. */
  get(text: string): Value | undefined {
    const place = placeOf(text);
    const young = find(this.#young, place, text);
    if (young !== undefined) return young.value;
    const old = find(this.#old, place, text);
    // Not under the caller's text but under the one kept: of a text there is one copy.
    if (old !== undefined) this.#put(place, old);
    return old?.value;
  }

  /** Values must not be undefined. A text longer than half of what may be kept is not kept. */
  set(text: string, value: Value): void {
    if (text.length <= this.#half) this.#put(placeOf(text), { text, value });
  }

  #put(place: number, entry: Entry<Value>): void {
    const alike = this.#young.get(place) ?? [];
    const others = alike.filter(({ text }) => text !== entry.text).slice(1 - MOST_ALIKE);
    this.#youngText += entry.text.length + textIn(others) - textIn(alike);
    this.#young.set(place, [...others, entry]);
    if (this.#youngText <= this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngText = 0;
  }
}

function find<Value>(places: Places<Value>, place: number, text: string): Entry<Value> | undefined {
  return places.get(place)?.find((entry) => entry.text === text);
}

function textIn(entries: readonly Entry<unknown>[]): number {
  return entries.reduce((sum, { text }) => sum + text.length, 0);
}

/** Equal for equal texts; the sample and the length as a number of 32 bits. */
function placeOf(text: string): number {
  const { length } = text;
  const step = Math.max(1, Math.floor(length / SAMPLED));
  let place = length;
  for (let at = 0; at < length; at += step) place = mixed(place, text.charCodeAt(at));
  for (let at = Math.max(0, length - SAMPLED); at < length; at++) {
    place = mixed(place, text.charCodeAt(at));
  }
  return place;
}

function mixed(place: number, unit: number): number {
  return (Math.imul(place, 31) + unit) | 0;
}
