/**
 * A client's body: read once, and sent on with the least change.
 *
 * @module
 */
import type { RequestBody } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { isObject, type Json, type JsonObject, asObject } from '../json.ts';
import { fieldSpans, skipSpace } from './json-scan.ts';

/** Parses a body. Throws `invalid_json`, or `invalid_type` where it is no object; never quotes it. */
export function parseRequestBody(raw: string): RequestBody {
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch (cause) {
    const where = / at position \d+/.exec(cause instanceof Error ? cause.message : '')?.[0] ?? '';
    const what =
      raw.trim() === ''
        ? 'The request body is empty'
        : `The request body is not valid JSON${where}`;
    // No cause: the parser's message quotes the prompt.
    throw new FarthingError('invalid_json', `${what}; send one JSON object.`);
  }
  if (!isObject(json)) {
    throw new FarthingError('invalid_type', 'The request body must be a JSON object.');
  }
  return { raw, json };
}

/** What is changed on the way upstream. */
export interface BodyChanges {
  /** The provider's own name of the model. */
  readonly model: string;
  /** Ask a stream to report its usage. */
  readonly includeUsage?: boolean;
  /** Limit the answer, by the field that the upstream understands. */
  readonly limit?: { readonly field: string; readonly tokens: number } | undefined;
}

/**
 * The body's text with the changes. Where only the model changes, and where `stream_options` is added,
 * all other bytes stay as the client wrote them; anything else is serialised anew.
 */
export function rewriteBody(body: RequestBody, changes: BodyChanges): string {
  const options = body.json['stream_options'];
  const addUsage = changes.includeUsage === true && asObject(options)?.['include_usage'] !== true;
  if (changes.limit !== undefined || (addUsage && options !== undefined)) {
    return JSON.stringify(changed(body.json, changes, addUsage));
  }
  const text = withModel(body, changes.model);
  if (text === undefined) return JSON.stringify(changed(body.json, changes, addUsage));
  if (!addUsage) return text;
  const brace = skipSpace(text, 0) + 1;
  return `${text.slice(0, brace)}"stream_options":{"include_usage":true},${text.slice(brace)}`;
}

function changed(json: JsonObject, { model, limit }: BodyChanges, addUsage: boolean): JsonObject {
  const copy: Record<string, Json | undefined> = { ...json, model };
  if (addUsage)
    copy['stream_options'] = { ...asObject(json['stream_options']), include_usage: true };
  if (limit !== undefined) {
    delete copy['max_tokens'];
    delete copy['max_completion_tokens'];
    copy[limit.field] = limit.tokens;
  }
  return copy;
}

const KEY = '"model"';

/** The text with another model; undefined where the field stands twice, which parsers read differently. */
function withModel({ raw, json }: RequestBody, model: string): string | undefined {
  const onlyKey = isOnlyKey(raw);
  if (onlyKey && json['model'] === model) return raw;
  const span = onlyKey ? valueSpan(raw, json['model']) : undefined;
  if (span !== undefined)
    return raw.slice(0, span.start) + JSON.stringify(model) + raw.slice(span.end);
  const spans = fieldSpans(raw, 'model');
  const [only] = spans;
  if (only === undefined || spans.length > 1) return undefined;
  return raw.slice(0, only.start) + JSON.stringify(model) + raw.slice(only.end);
}

/**
 * True when the key is written in the text exactly once and in no escaped spelling: all letters of
 * "model" are U+006x, so an escaped spelling contains `\u006`.
 */
function isOnlyKey(raw: string): boolean {
  const first = raw.indexOf(KEY);
  return first !== -1 && raw.indexOf(KEY, first + 1) === -1 && !raw.includes('\\u006');
}

/** The value behind the only key, if it is the one that was parsed. */
function valueSpan(
  raw: string,
  value: Json | undefined,
): { start: number; end: number } | undefined {
  const colon = skipSpace(raw, raw.indexOf(KEY) + KEY.length);
  if (raw[colon] !== ':' || typeof value !== 'string') return undefined;
  const start = skipSpace(raw, colon + 1);
  const literal = JSON.stringify(value);
  return raw.startsWith(literal, start) ? { start, end: start + literal.length } : undefined;
}
