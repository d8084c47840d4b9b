/**
 * For tests of programs that call LLMs: a scriptable upstream and one of recorded answers.
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
