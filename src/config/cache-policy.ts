/**
 * What may be kept of answers, and for how long, as the rest of the house sees it.
 *
 * @module
 */
import type { Model } from './config.ts';

/** What can be made alike before texts are compared, in the order in which it is done. */
export const NORMAL_FORMS = [
  'unicode',
  'dates',
  'times',
  'ids',
  'greetings',
  'case',
  'space',
] as const;

/** One of {@link NORMAL_FORMS}. */
export type NormalForm = (typeof NORMAL_FORMS)[number];

/** Where a text stands. */
export interface TextPlace {
  /** `system`, `developer`, `user` or `assistant`. */
  readonly role: string;
  /** Index of its message. */
  readonly message: number;
}

/**
 * A user's own key function: what stands in the key for a message's text. Two calls that differ in
 * nothing else share an entry when it gives the same. Anything but a string means: do not cache this call.
 */
export type KeyFunction = (text: string, place: TextPlace) => unknown;

/** How answers are given to questions that mean the same as one before; shares are between 0 and 1. */
export interface SemanticPolicy {
  /** What turns questions into vectors; `offline`: packages within this process. */
  readonly embedder: Model | 'offline';
  /** The greatest share of wrong answers among those given. */
  readonly maxWrong: number;
  /** Judges what equality cannot; undefined leaves that to people. */
  readonly judge: Model | undefined;
  /** Share of would-be hits that are judged while the model answers anyway. */
  readonly shadowShare: number;
  /** Share of given answers that the model is asked for as well; at most `shadowShare`. */
  readonly verifyShare: number;
  /** How long a call waits for its vector, in ms. */
  readonly timeoutMs: number;
}

/** How answers of a task are kept. */
export interface CachePolicy {
  /** How long an answer is given, in ms. */
  readonly ttlMs: number;
  /** How long after that it is still given while a new one is fetched behind it, in ms; 0: not at all. */
  readonly staleMs: number;
  readonly normalize: readonly NormalForm[];
  /** The user's own key function, with the text that names it. */
  readonly keyFunction: { readonly name: string; readonly of: KeyFunction } | undefined;
  /** Whether answers that would differ from call to call (temperature above 0, or left out) are kept. */
  readonly sampled: boolean;
  /** How many of those are kept and given in turn; 1 unless `sampled`. */
  readonly samples: number;
  /** Another number makes all entries of before unreachable. */
  readonly epoch: number;
  /** Undefined: only the same question is answered again. */
  readonly semantic: SemanticPolicy | undefined;
}

/** Where answers are kept. */
export interface CacheSettings {
  /** Bytes in the SQLite file, and at most in memory. */
  readonly bytes: number;
  /** A Redis that takes the file's place; undefined: none. Never logged, it may hold a password. */
  readonly redisUrl: string | undefined;
  /** How long Redis may take for anything before the call goes on without it, in ms. */
  readonly timeoutMs: number;
  /** The policy of tasks that were found, not configured; undefined: none of their answers is kept. */
  readonly policy: CachePolicy | undefined;
}
