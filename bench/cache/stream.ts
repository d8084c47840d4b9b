/** A stream of questions through a cache by likeness, under several ways of choosing its threshold. */
import { refusal, type NamedGuard } from '../../src/semantic/guards/guards.ts';
import { WrongRate } from '../../src/semantic/wrong-rate.ts';
import type { Labelled } from './banking.ts';
import type { Earlier } from './nearest.ts';

/** A stream with what is near. */
export interface Stream {
  readonly questions: readonly Labelled[];
  readonly earlier: readonly (readonly Earlier[])[];
  /** Questions before this place are the part that is fitted on. */
  readonly split: number;
  readonly guards: readonly NamedGuard[];
}

/** Counts of the part that is reported. */
export interface Outcome {
  readonly asked: number;
  readonly hits: number;
  readonly wrong: number;
}

/** Candidates that are looked at, as in the cache. */
const LOOKED_AT = 4;
const LEAST = 0.5;
const VERIFIED_EVERY = 20;

/** The nearest earlier question that the guards let pass, of those that `isKept`. */
export function candidate(
  { questions, earlier, guards }: Stream,
  at: number,
  isKept: (place: number) => boolean,
): Earlier | undefined {
  const asked = questions[at]?.text ?? '';
  let looked = 0;
  for (const near of earlier[at] ?? []) {
    if (near.similarity < LEAST || looked >= LOOKED_AT) return undefined;
    if (!isKept(near.place)) continue;
    looked++;
    if (refusal(guards, asked, questions[near.place]?.text ?? '') === undefined) return near;
  }
  return undefined;
}

/** The would-be hits of the first part, while every question is answered by the model and kept. */
export function shadowHits(stream: Stream): { similarity: number; wrong: boolean }[] {
  return stream.questions.slice(0, stream.split).flatMap(({ intent }, at) => {
    const near = candidate(stream, at, () => true);
    if (near === undefined) return [];
    return [
      { similarity: near.similarity, wrong: stream.questions[near.place]?.intent !== intent },
    ];
  });
}

/** The threshold that the evidence of the first part allows; undefined serves nothing. */
export function boundedThreshold(stream: Stream, limit: number): number | undefined {
  const rate = new WrongRate(limit);
  for (const { similarity, wrong } of shadowHits(stream)) {
    rate.record({ similarity, verdict: wrong ? 'wrong' : 'right', served: false });
  }
  return rate.threshold;
}

/**
 * The lowest threshold, to the hundredth, at which the first part's share of wrong hits is within the limit,
 * without a bound: what whoever tunes by eye would take.
 */
export function tunedThreshold(stream: Stream, limit: number): number | undefined {
  const hits = shadowHits(stream);
  for (let hundredth = 50; hundredth < 100; hundredth++) {
    const above = hits.filter(({ similarity }) => similarity >= hundredth / 100);
    if (above.length === 0) return undefined;
    if (above.filter(({ wrong }) => wrong).length / above.length <= limit) return hundredth / 100;
  }
  return undefined;
}

/**
 * The second part, served from the threshold on. What was served is not kept, as there is no new answer to
 * keep.
 */
export function serve(stream: Stream, threshold: number | undefined): Outcome {
  const { questions, split } = stream;
  const served = new Set<number>();
  let wrong = 0;
  for (let at = split; at < questions.length; at++) {
    if (threshold === undefined) break;
    const near = candidate(stream, at, (place) => !served.has(place));
    if (near === undefined || near.similarity < threshold) continue;
    served.add(at);
    if (questions[near.place]?.intent !== questions[at]?.intent) wrong++;
  }
  return { asked: questions.length - split, hits: served.size, wrong };
}

/**
 * The second part as in operation: it begins with the evidence of the first, and goes on learning from all
 * would-be hits that are not served and from every twentieth that is.
 */
export function serveLearning(stream: Stream, limit: number): Outcome {
  const { questions, split } = stream;
  const rate = new WrongRate(limit);
  for (const { similarity, wrong } of shadowHits(stream)) {
    rate.record({ similarity, verdict: wrong ? 'wrong' : 'right', served: false });
  }
  const notKept = new Set<number>();
  let [hits, wrongs] = [0, 0];
  for (let at = split; at < questions.length; at++) {
    const near = candidate(stream, at, (place) => !notKept.has(place));
    if (near === undefined) continue;
    const wrong = questions[near.place]?.intent !== questions[at]?.intent;
    const served = rate.threshold !== undefined && near.similarity >= rate.threshold;
    if (served) {
      hits++;
      if (wrong) wrongs++;
    }
    const judged = !served || hits % VERIFIED_EVERY === 0;
    // A served hit that is verified has a fresh answer after all.
    if (served && !judged) notKept.add(at);
    if (judged)
      rate.record({ similarity: near.similarity, verdict: wrong ? 'wrong' : 'right', served });
  }
  return { asked: questions.length - split, hits, wrong: wrongs };
}
