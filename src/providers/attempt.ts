/**
 * One attempt: one request to one provider, with its row in the call's trace. Whatever happens, the
 * attempt ends with `endedAt` set, and with the usage that is known or can be estimated.
 *
 * @module
 */
import {
  type Ask,
  type Attempt,
  type Call,
  eventsOf,
  newAttempt,
  NO_TIER,
  type Reply,
} from '../call.ts';
import type { Provider } from '../config/config.ts';
import { toChunks } from '../dialects/openai-chat-chunks.ts';
import type { UpstreamDialect } from '../dialects/dialect.ts';
import { clientGone } from '../departure.ts';
import { FarthingError, toFarthingError } from '../errors.ts';
import type { Breaker } from './breaker.ts';
import { parseRetryAfter } from './backoff.ts';
import type { Connections } from './connections.ts';
import { decodeContent } from './content-encoding.ts';
import { type Exchange, exchange } from './exchange.ts';
import { estimateUnanswered, estimateUsage } from './estimate-usage.ts';
import { StreamedEvents } from './streamed-events.ts';

/** Largest JSON answer and largest error body that are read, in bytes. */
const ANSWER_LIMIT = 256 * 1024 * 1024;
const ERROR_LIMIT = 1024 * 1024;

/** Everything one attempt needs beside the call. */
export interface AttemptOptions {
  readonly ask: Ask;
  readonly provider: Provider;
  readonly dialect: UpstreamDialect;
  readonly connections: Connections;
  readonly breaker: Breaker;
}

/**
 * Puts the call's question to a provider once. Resolves when the answer has begun: for a stream, when
 * its first event is there, so that everything before can still be repeated elsewhere. Throws a
 * {@link FarthingError}; the attempt is in the trace either way.
 */
export async function attemptOnce(call: Call, options: AttemptOptions): Promise<Reply> {
  const { ask, provider, dialect, connections } = options;
  const request = dialect.encode(call, ask, provider);
  if (call.departure.left) throw clientGone();
  const attempt = newAttempt({
    model: ask.model,
    provider: provider.name,
    tier: ask.tier,
    operation: ask.tier === NO_TIER ? call.operation : undefined,
  });
  call.trace.attempts.push(attempt);
  try {
    const answer = await exchange(connections.to(provider), request, call.departure);
    attempt.status = answer.status;
    attempt.firstByteMs = Date.now() - attempt.startedAt;
    if (answer.status < 200 || answer.status > 299) throw await readError(answer, dialect);
    return call.body.json['stream'] === true
      ? await readStream(call, { ...options, attempt, answer })
      : await readJson(call, { ...options, attempt, answer });
  } catch (thrown) {
    const failure = toFarthingError(thrown);
    attempt.error = failure;
    const usage = attempt.usage ?? (await estimateUnanswered(call, failure.code));
    if (usage !== undefined) attempt.usage = usage;
    attempt.endedAt ??= Date.now();
    throw failure;
  }
}

interface Answered extends AttemptOptions {
  readonly attempt: Attempt;
  readonly answer: Exchange;
}

async function readError({ body, headers, status }: Exchange, dialect: UpstreamDialect) {
  const text = await readText({ body, headers, status }, ERROR_LIMIT).catch(() => '');
  const error = dialect.decodeError(status, text);
  const retryAfterMs = parseRetryAfter(headers);
  if (retryAfterMs === undefined) return error;
  return new FarthingError(error.code, error.message, {
    param: error.param,
    status: error.status,
    upstream: error.upstream,
    retryable: error.retryable,
    retryAfterMs,
    cause: error.cause,
  });
}

async function readText({ body, headers }: Exchange, limit: number): Promise<string> {
  const encoding = headers['content-encoding'];
  if (encoding === undefined) return (await body.bytes(limit)).toString();
  const parts: Uint8Array[] = [];
  for await (const chunk of decodeContent(body, encoding)) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function readJson(call: Call, answered: Answered): Promise<Reply> {
  const { attempt, answer, dialect } = answered;
  const decoded = dialect.decode(await readText(answer, ANSWER_LIMIT));
  attempt.usage = decoded.usage ?? (await estimateUsage(call, decoded.event));
  if (decoded.model !== undefined) attempt.answeredBy = decoded.model;
  attempt.endedAt = Date.now();
  return { form: 'json', events: eventsOf([[decoded.event]]), attempt };
}

async function readStream(call: Call, answered: Answered): Promise<Reply> {
  const { attempt, answer, dialect, breaker } = answered;
  const type = answer.headers['content-type'] ?? '';
  if (type.includes('json') || type.includes('html')) {
    // Some hosts ignore `stream`, and some send their errors with status 200.
    const whole = await readJson(call, answered);
    const chunks = [];
    for await (const [event] of whole.events)
      if (event !== undefined) chunks.push(...toChunks(event.value));
    return { form: 'stream', events: eventsOf([chunks]), attempt };
  }
  const bytes = decodeContent(answer.body, answer.headers['content-encoding']);
  const events = new StreamedEvents({
    call,
    attempt,
    bytes,
    decoder: dialect.decodeStream(),
    breaker,
  });
  await events.begin();
  return { form: 'stream', events, attempt };
}
