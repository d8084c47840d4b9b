/**
 * What a check is: a cheap, deterministic test of an answer that decides whether a dearer model must
 * be asked. One check a file; `registry.ts` lists them all.
 *
 * @module
 */
import type { JsonObject } from '../json.ts';

/** A tool call of an answer. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** Arguments as the model wrote them: JSON text, or what should have been. */
  readonly arguments: string;
}

/** One choice of an answer, read from JSON or gathered from a stream. */
export interface Choice {
  readonly index: number;
  readonly text: string;
  readonly refusal: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  /** `stop`, `length`, `tool_calls`, `content_filter`, …; undefined where the answer had none. */
  readonly finishReason: string | undefined;
}

/** What a check may look at beside the answer. */
export interface CheckContext {
  /** The request body in chat-completions format. */
  readonly request: JsonObject;
}

/**
 * A check's word on one choice. `score` (0 to 1) counts in a tier with a threshold; it is 1 for accept
 * and repair and 0 for escalate unless given.
 */
export type Verdict =
  | { readonly verdict: 'accept'; readonly score?: number }
  | {
      /** The answer is right but for its form; `choice` is the mended one, on which later checks go on. */
      readonly verdict: 'repair';
      readonly choice: Choice;
      readonly reason: string;
    }
  | { readonly verdict: 'escalate'; readonly reason: string; readonly score?: number };

/** A test of an answer. Must not throw for any answer; may be asynchronous (a user's own function). */
export interface Check {
  /** As written in the configuration: `not-refusal`, `min-length`. */
  readonly name: string;
  readonly judge: (choice: Choice, context: CheckContext) => Verdict | Promise<Verdict>;
  /**
   * Looks at the text so far of an answer that is still arriving. A reason means that the answer can no
   * longer pass, so that its attempt may be ended early; undefined means wait.
   */
  readonly early?: (textSoFar: string, context: CheckContext) => string | undefined;
}
