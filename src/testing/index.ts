/**
 * For tests of programs that call LLMs: a scriptable upstream and one of recorded answers.
 *
 * ```ts
 * import { startFakeUpstream } from 'farthing/testing';
 *
 * const upstream = await startFakeUpstream({ kind: 'answer', text: 'Good morning.' });
 * upstream.respondOnce({ kind: 'error', status: 429, retryAfter: 2 });
 * // … point the program at upstream.url, then look at upstream.requests
 * await upstream.close();
 * ```
 *
 * @module
 */
export * from './fake-upstream.ts';
export {
  readRecorded,
  startRecordedUpstream,
  type RecordedAnswer,
  type RecordedItem,
  type RecordedOptions,
  type RecordedUpstream,
} from './recorded-upstream.ts';
