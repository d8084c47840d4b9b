/**
 * Which calls a cache by likeness may look at, and with whom they may be compared.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { Call } from '../call.ts';
import { asArray, asObject, type Json, type JsonObject } from '../json.ts';
import { canonical } from './agreement.ts';
import type { ScopeLimits } from './scope.ts';

/** A call's question, ready to be looked up. */
export interface Question {
  /** The last user message. */
  readonly text: string;
  /** Hash of everything else that can change the answer: only questions with the same one are compared. */
  readonly namespace: string;
  /** Whose evidence counts: tenant, task, policy and embedder. */
  readonly evidence: string;
  /** Who asked what, for people who read the evidence. */
  readonly tenant: string;
  readonly task: string;
  /** What may be given. @default at most 1 % wrong; 25 % and 5 % of hits are judged */
  readonly limits?: ScopeLimits;
}

/** What is the same for all calls of a task. */
export interface EligibleOptions {
  /** Version of the task's policy: another one answers anew. */
  readonly policy: string;
  /** The embedder's name. */
  readonly embedder: string;
  /** @default those of {@link Question} */
  readonly limits?: ScopeLimits;
  /** What divides namespaces further, and evidence not. @default nothing */
  readonly division?: readonly (string | null)[];
  /** Top-level fields of a request that cannot change its answer. @default `stream`, `stream_options` */
  readonly ignored?: ReadonlySet<string>;
}

/** Longest question, in UTF-16 units: in a long text one sentence that differs moves the vector too little. */
const LONGEST = 2_000;
const IGNORED: ReadonlySet<string> = new Set(['stream', 'stream_options']);
/** Roles of messages that a program wrote: what they stand in is a program's turn, not a question. */
const TOOL_ROLES: ReadonlySet<unknown> = new Set(['tool', 'function']);

/**
 * The question of a single-shot call: its last message is a user's, of text only, of at most 2,000 characters.
 * Undefined for all others: controls of the hold-out, several choices, tools' results, tool calls, images,
 * sound and files anywhere in the messages.
 */
export function eligible(call: Call, options: EligibleOptions): Question | undefined {
  const { operation, task, body, tenant } = call;
  if (operation !== 'chat' || task === undefined || task.isControl === true) return undefined;
  const { json } = body;
  if (json['n'] !== undefined && json['n'] !== null && json['n'] !== 1) return undefined;
  const messages = asArray(json['messages']);
  const last = asObject(messages.at(-1));
  if (last?.['role'] !== 'user' || !messages.every(isPlain)) return undefined;
  const text = textOf(last['content']);
  if (text === undefined || text.trim() === '' || text.length > LONGEST) return undefined;
  const scope = [tenant, task.name, options.policy, options.embedder];
  const rest = restOf(json, messages, options.ignored ?? IGNORED);
  return {
    text,
    namespace: digest([...scope, ...(options.division ?? []), rest]),
    evidence: digest(scope),
    tenant,
    task: task.name,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  };
}

/** A list is hashed as JSON: no name can be made to look like two. */
function digest(parts: readonly (string | null)[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

function isPlain(message: Json): boolean {
  const given = asObject(message);
  if (given === undefined || TOOL_ROLES.has(given['role'])) return false;
  return (
    given['tool_calls'] === undefined &&
    given['function_call'] === undefined &&
    hasTextOnly(given['content'])
  );
}

function hasTextOnly(content: Json | undefined): boolean {
  return typeof content === 'string' || textOf(content) !== undefined;
}

/** The text of a content of text parts; undefined where it has others. */
function textOf(content: Json | undefined): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const parts = asArray(content).map((part) => {
    const given = asObject(part);
    return given?.['type'] === 'text' && typeof given['text'] === 'string'
      ? given['text']
      : undefined;
  });
  return parts.every((part) => part !== undefined) ? parts.join('\n') : undefined;
}

/** The request without its last message's text, and without what cannot change the answer. */
function restOf(json: JsonObject, messages: readonly Json[], ignored: ReadonlySet<string>): string {
  const kept = Object.entries(json).filter(([name]) => name !== 'messages' && !ignored.has(name));
  const last = { ...asObject(messages.at(-1)), content: null };
  return canonical({ ...Object.fromEntries(kept), messages: [...messages.slice(0, -1), last] });
}
