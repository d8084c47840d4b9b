/**
 * Calls, models and handlers for tests of single stages, without HTTP.
 *
 * @module
 */
import { type Attempt, type Call, type Handler, type Reply, ReplyEvent } from '../call.ts';
import type { Check, Choice } from '../checks/check.ts';
import type { CachePolicy } from '../config/cache-policy.ts';
import type { Model, Provider, Task, Tier } from '../config/config.ts';
import { toChunks } from '../dialects/openai-chat-chunks.ts';
import { Departure } from '../departure.ts';
import type { JsonObject } from '../json.ts';
import { NO_TOKENS, type TokenCounts } from '../pricing/usage.ts';

/** A provider that is never asked. */
export const nowhere: Provider = {
  name: 'nowhere',
  host: undefined,
  dialect: 'openai',
  url: 'http://127.0.0.1:9/v1',
  key: undefined,
  keyVariable: undefined,
  headers: {},
  connectTimeoutMs: 1000,
  idleTimeoutMs: 1000,
  retries: 0,
  connections: 1,
  priceFactor: 1,
};

/** A model at a price in USD per 1M tokens; without one it is unpriced. */
export function modelAt(name: string, input?: number, output: number = input ?? 0): Model {
  return {
    name,
    id: name,
    providers: [nowhere],
    price:
      input === undefined
        ? undefined
        : [
            {
              id: `config:${name}`,
              rates: { input, output },
              source: 'config',
              asOf: '2026-11-01',
            },
          ],
    maxOutputTokens: undefined,
  };
}

/** A check that accepts what the function says. */
export function checkThat(name: string, accepts: (choice: Choice) => boolean): Check {
  return {
    name,
    judge: (choice) =>
      accepts(choice) ? { verdict: 'accept' } : { verdict: 'escalate', reason: `${name} said no` },
  };
}

/** A tier that accepts what passes all the checks. */
export function tierOf(model: Model, ...checks: readonly Check[]): Tier {
  return { model, accept: checks.map((check) => ({ check, weight: 1 })), threshold: undefined };
}

/** A task with these tiers. */
export function taskOf(tiers: readonly Tier[], more: Partial<Task> = {}): Task {
  return {
    name: 'test',
    origin: 'configured',
    match: [],
    tiers,
    maxCostNano: undefined,
    reference: undefined,
    sticky: true,
    ...more,
  };
}

/** How answers are kept for a minute, as they are. */
export function policyOf(more: Partial<CachePolicy> = {}): CachePolicy {
  return {
    ttlMs: 60_000,
    staleMs: 0,
    normalize: [],
    keyFunction: undefined,
    sampled: false,
    samples: 1,
    epoch: 0,
    semantic: undefined,
    ...more,
  };
}

/** A chat call of a task. */
export function callOf(task: Task, request: JsonObject = {}): Call {
  const json: JsonObject = {
    model: 'task/test',
    messages: [{ role: 'user', content: 'Hello' }],
    ...request,
  };
  return {
    id: '01TEST',
    startedAt: Date.now(),
    operation: 'chat',
    body: { raw: JSON.stringify(json), json },
    headers: {},
    tenant: '',
    tags: {},
    departure: new Departure(),
    trace: { attempts: [], task },
    task,
  };
}

/** What a scripted model says: its text with the tokens it cost, or an error. */
export type Line = Error | { readonly text: string; readonly tokens?: Partial<TokenCounts> };

/** An innermost handler that answers by script, by the name of the model asked. */
export function scripted(lines: Readonly<Record<string, Line>>): Handler {
  return async (call) => {
    const ask = call.ask;
    if (ask === undefined) throw new Error('No model was asked.');
    const line = lines[ask.model.name];
    const attempt: Attempt = {
      model: ask.model,
      provider: nowhere.name,
      tier: ask.tier,
      startedAt: Date.now(),
      endedAt: Date.now(),
    };
    call.trace.attempts.push(attempt);
    if (line === undefined || line instanceof Error) throw line ?? new Error('not scripted');
    attempt.status = 200;
    attempt.usage = { tokens: { ...NO_TOKENS, ...line.tokens }, source: 'provider' };
    return replyOf(call, attempt, line.text);
  };
}

function replyOf(call: Call, attempt: Attempt, text: string): Reply {
  const body: JsonObject = {
    id: 'chatcmpl-test',
    object: 'chat.completion',
    created: 0,
    model: attempt.model.id,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  };
  const stream = call.body.json['stream'] === true;
  const events = stream ? toChunks(body) : [ReplyEvent.of(body)];
  return { form: stream ? 'stream' : 'json', events: iterate(events), attempt };
}

async function* iterate(events: readonly ReplyEvent[]): AsyncGenerator<readonly ReplyEvent[]> {
  for (const event of events) yield [event];
}

/** The text of a reply, read to its end. */
export async function textOf(reply: Reply): Promise<string> {
  let text = '';
  for await (const batch of reply.events) {
    for (const { value } of batch) {
      const [choice] = value['choices'] as {
        message?: { content: string };
        delta?: { content?: string };
      }[];
      text += choice?.message?.content ?? choice?.delta?.content ?? '';
    }
  }
  return text;
}

/** A handler that always gives a promise. */
export function promised(handler: Handler): (call: Call) => Promise<Reply> {
  return async (call) => handler(call);
}
