/**
 * A bounded map by long runs of bytes.
 *
 * A Map hashes its keys whole, one character after the other, which takes about as long as parsing them. Here
 * some of the bytes tell where to look, and the comparison, which is far quicker, decides.
 *
 * @module
 */

interface Entry<Value> {
  readonly bytes: Uint8Array;
  readonly value: Value;
}

type Places<Value> = Map<number, readonly Entry<Value>[]>;

/** Keys that share their sample are compared one after the other: of more than this many the oldest go. */
const MOST_ALIKE = 16;
/** Bytes of a sample: so many spread over the key, and so many at its end, where most texts differ. */
const SAMPLED = 64;

/** Keeps about the `most / 2` to `most` bytes of keys that were used last, in two generations like `RecentMap`. */
export class BytesMap<Value> {
  readonly #half: number;
  #young: Places<Value> = new Map();
  #old: Places<Value> = new Map();
  #youngBytes = 0;

  constructor(most: number) {
    this.#half = most / 2;
  }

  /** The value, which counts as used now. */
  get(bytes: Uint8Array): Value | undefined {
    const place = placeOf(bytes);
    const young = find(this.#young, place, bytes);
    if (young !== undefined) return young.value;
    const old = find(this.#old, place, bytes);
    // Not under the caller's bytes but under those kept: of a key there is one copy.
    if (old !== undefined) this.#put(place, old);
    return old?.value;
  }

  /** Values must not be undefined. The bytes must not change. A key longer than half of what may be kept is not kept. */
  set(bytes: Uint8Array, value: Value): void {
    if (bytes.length <= this.#half) this.#put(placeOf(bytes), { bytes, value });
  }

  #put(place: number, entry: Entry<Value>): void {
    const alike = this.#young.get(place) ?? [];
    const others = alike
      .filter(({ bytes }) => Buffer.compare(bytes, entry.bytes) !== 0)
      .slice(1 - MOST_ALIKE);
    this.#youngBytes += entry.bytes.length + bytesIn(others) - bytesIn(alike);
    this.#young.set(place, [...others, entry]);
    if (this.#youngBytes <= this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}

function find<Value>(
  places: Places<Value>,
  place: number,
  bytes: Uint8Array,
): Entry<Value> | undefined {
  return places.get(place)?.find((entry) => Buffer.compare(entry.bytes, bytes) === 0);
}

function bytesIn(entries: readonly Entry<unknown>[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Equal for equal bytes; the sample and the length as a number of 32 bits. */
function placeOf(bytes: Uint8Array): number {
  const { length } = bytes;
  const step = Math.max(1, Math.floor(length / SAMPLED));
  let place = length;
  for (let at = 0; at < length; at += step) place = mixed(place, bytes[at] ?? 0);
  for (let at = Math.max(0, length - SAMPLED); at < length; at++) {
    place = mixed(place, bytes[at] ?? 0);
  }
  return place;
}

function mixed(place: number, byte: number): number {
  return (Math.imul(place, 31) + byte) | 0;
}
