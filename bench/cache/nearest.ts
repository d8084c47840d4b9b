/** For every question of a stream, its nearest earlier ones: computed once, used by every policy. */

/** Earlier questions by their place in the stream, nearest first. */
export interface Earlier {
  readonly place: number;
  readonly similarity: number;
}

/** Most neighbours kept of each question. */
const KEPT = 64;

/** The neighbours of each vector among those before it. */
export function nearestEarlier(vectors: readonly Float32Array[]): Earlier[][] {
  return vectors.map((vector, at) => {
    const found: Earlier[] = [];
    let least = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < at; place++) {
      const similarity = dot(vectors[place] ?? vector, vector);
      if (found.length >= KEPT && similarity <= least) continue;
      const before = found.findIndex((one) => one.similarity < similarity);
      found.splice(before === -1 ? found.length : before, 0, { place, similarity });
      if (found.length > KEPT) found.pop();
      if (found.length === KEPT) least = found.at(-1)?.similarity ?? least;
    }
    return found;
  });
}

function dot(one: Float32Array, other: Float32Array): number {
  let [a, b] = [0, 0];
  for (let at = 0; at + 1 < one.length; at += 2) {
    a += (one[at] ?? 0) * (other[at] ?? 0);
    b += (one[at + 1] ?? 0) * (other[at + 1] ?? 0);
  }
  return a + b;
}
