/**
 * From what a fake upstream is told to do to the exchange that does it.
 *
 * @module
 */
import { asNumber, asObject, asString, type JsonObject } from '../json.ts';
import type {
  Answer,
  AnswerOptions,
  Behaviour,
  Exchange,
  Failure,
  HeaderLines,
  OtherBody,
  Piece,
  RawExchange,
  UpstreamRequest,
} from './behaviour.ts';
import {
  anthropicError,
  anthropicEvents,
  anthropicMessage,
  anthropicModelList,
} from './fake-anthropic.ts';
import { type Body, deliver } from './fake-delivery.ts';
import {
  chunks,
  choicesOf,
  completion,
  embeddings,
  modelList,
  openAIError,
} from './fake-openai.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' };

/** Error types that go with a status, OpenAI's and Anthropic's. */
const ERROR_TYPES: Readonly<Record<number, readonly [openai: string, anthropic: string]>> = {
  400: ['invalid_request_error', 'invalid_request_error'],
  401: ['authentication_error', 'authentication_error'],
  403: ['permission_error', 'permission_error'],
  404: ['invalid_request_error', 'not_found_error'],
  413: ['invalid_request_error', 'request_too_large'],
  429: ['rate_limit_error', 'rate_limit_error'],
  500: ['server_error', 'api_error'],
  503: ['server_error', 'api_error'],
  504: ['server_error', 'timeout_error'],
  529: ['overloaded_error', 'overloaded_error'],
};

/** What is sent for a behaviour. Throws where it contradicts itself. */
export function exchangeFor(
  behaviour: Behaviour,
  request: UpstreamRequest,
): Exchange | RawExchange {
  if (behaviour.kind === 'answer') return answerExchange(behaviour, request);
  if (behaviour.kind === 'error') return errorExchange(behaviour, request);
  if (behaviour.kind === 'body') return deliver(otherBody(behaviour), behaviour);
  return behaviour;
}

/** Answers with a text, as JSON or as a stream, in the format of the path, whichever is asked for. */
export function answers(
  text: string | null,
  options: AnswerOptions = {},
): (request: UpstreamRequest) => Exchange {
  return (request) => answerExchange({ kind: 'answer', text, ...options }, request);
}

function answerExchange(answer: Answer, request: UpstreamRequest): Exchange {
  const path = request.path.split('?')[0] ?? '';
  if (path.endsWith('/models')) return deliver(jsonBody(listFor(request)), answer);
  if (path.endsWith('/embeddings'))
    return deliver(jsonBody(embeddings(request.body, answer)), answer);
  if (request.body['stream'] === true) return deliver(streamBody(answer, request), answer);
  const model = modelOf(request);
  const text = answer.text ?? null;
  const body = isAnthropic(request)
    ? anthropicMessage(text, answer, model)
    : completion(text, forRequest(answer, request), model);
  return deliver(jsonBody(body), answer);
}

function modelOf({ body }: UpstreamRequest): string {
  return asString(body['model']) ?? 'fake';
}

function isAnthropic({ path }: UpstreamRequest): boolean {
  return /\/messages(?:\?|$)/.test(path);
}

function listFor({ headers }: UpstreamRequest): JsonObject {
  const ids = ['fake'];
  return headers['anthropic-version'] === undefined ? modelList(ids) : anthropicModelList(ids);
}

/** An answer with what depends on the request: its number of choices, log-probabilities, usage. */
function forRequest(answer: Answer, { body }: UpstreamRequest): AnswerOptions {
  const text = answer.text ?? null;
  const choices = choicesOf(text, answer, asNumber(body['n']) ?? 1);
  const asked = body['logprobs'] === true ? { logprob: -0.1 } : {};
  return { ...answer, choices: choices.map((said) => ({ ...asked, ...said })) };
}

function streamBody(answer: Answer, request: UpstreamRequest): Body {
  const events = isAnthropic(request)
    ? anthropicFrames(answer, request)
    : openAIFrames(answer, request);
  const { keepAlive = '' } = answer;
  return {
    status: 200,
    headers: STREAM_HEADERS,
    frames: events.flatMap((frame) =>
      keepAlive === '' ? [Buffer.from(frame)] : [Buffer.from(keepAlive), Buffer.from(frame)],
    ),
  };
}

const dataLine = (text: string): string => `data: ${text}\n\n`;
const namedEvent = (event: JsonObject): string =>
  `event: ${asString(event['type']) ?? 'message'}\n${dataLine(JSON.stringify(event))}`;

function openAIFrames(answer: Answer, request: UpstreamRequest): string[] {
  const asked = asObject(request.body['stream_options'])?.['include_usage'] === true;
  const options = forRequest(answer, request);
  const events = chunks(
    answer.text ?? null,
    (answer.usageChunk ?? asked) ? options : { ...options, usage: null },
    modelOf(request),
  ).map((event) => dataLine(JSON.stringify(event)));
  if (answer.failsAfter === undefined) {
    return answer.done === false ? events : [...events, dataLine('[DONE]')];
  }
  const error = openAIError({ message: 'The server is overloaded.', type: 'server_error' });
  return [...events.slice(0, answer.failsAfter), dataLine(JSON.stringify(error))];
}

function anthropicFrames(answer: Answer, request: UpstreamRequest): string[] {
  const events = anthropicEvents(answer.text ?? null, answer, modelOf(request));
  if (answer.failsAfter === undefined) return events.map(namedEvent);
  const error = anthropicError({ type: 'overloaded_error', message: 'Overloaded' });
  return [...events.slice(0, answer.failsAfter), error].map(namedEvent);
}

function jsonBody(body: JsonObject, status = 200): Body {
  return { status, headers: JSON_HEADERS, frames: [Buffer.from(JSON.stringify(body))] };
}

function errorExchange(failure: Failure, request: UpstreamRequest): Exchange {
  const { status, message = `failed with ${status}`, code, retryAfter, retryAfterMs } = failure;
  const anthropic = isAnthropic(request);
  const [openAIType, anthropicType] = ERROR_TYPES[status] ?? ['server_error', 'api_error'];
  const type = failure.type ?? (anthropic ? anthropicType : openAIType);
  const body = anthropic
    ? anthropicError({ type, message })
    : openAIError({ type, message, code: code ?? null });
  const after = retryAfter instanceof Date ? retryAfter.toUTCString() : retryAfter;
  const headers: HeaderLines = {
    ...(after === undefined ? {} : { 'retry-after': String(after) }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
    ...failure.headers,
  };
  return deliver(jsonBody(body, status), { ...failure, headers });
}

function otherBody({ body, status = 200, contentType }: OtherBody): Body {
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  const bytes = isJson ? Buffer.from(JSON.stringify(body)) : Buffer.from(body);
  return {
    status,
    headers: { 'content-type': contentType ?? (isJson ? 'application/json' : 'text/html') },
    frames: bytes.length === 0 ? [] : [bytes],
  };
}

/** A 200 with this JSON. */
export function jsonAnswer(body: JsonObject): Exchange {
  return { headers: JSON_HEADERS, pieces: [JSON.stringify(body)] };
}

/** A stream of these data lines. */
export function streamOf(data: readonly string[], pause = 0): Exchange {
  const pieces = data.flatMap((line): Piece[] =>
    pause > 0 ? [dataLine(line), { pause }] : [dataLine(line)],
  );
  return { headers: STREAM_HEADERS, pieces };
}

/** A stream of exactly these pieces. */
export function rawStream(...pieces: readonly Piece[]): Exchange {
  return { headers: STREAM_HEADERS, pieces };
}

/** A refusal in OpenAI's error format. */
export function fails(
  status: number,
  error: JsonObject = {},
  headers: Readonly<Record<string, string>> = {},
): Exchange {
  const body = openAIError({ message: `failed with ${status}`, ...error });
  return { status, headers: { ...JSON_HEADERS, ...headers }, pieces: [JSON.stringify(body)] };
}
