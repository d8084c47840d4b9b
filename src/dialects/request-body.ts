/**
 * A client's body: read once, and sent on with the least change.
 *
 * @module
 */
import type { RequestBody } from '../call.ts';
import { FarthingError } from '../errors.ts';
import { asObject, isObject, type Json } from '../json.ts';
import { findJsonFault } from './json-fault.ts';
import { type Member, skipSpace, topLevelMembers } from './json-scan.ts';

/**
 * Parses a body. Throws `invalid_json` with the place of the fault, or `invalid_type` where the JSON is
 * no object. The message never quotes the body.
 */
export function parseRequestBody(raw: string): RequestBody {
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch {
    // No cause: the parser's message quotes the prompt.
    throw new FarthingError('invalid_json', describeFault(raw));
  }
  if (!isObject(json)) {
    throw new FarthingError('invalid_type', 'The request body must be a JSON object.');
  }
  return { raw, json };
}

/** Longest body in which the place of a fault is looked for, in UTF-16 units: finding it takes longer than parsing. */
const SEARCHED = 1024 * 1024;

function describeFault(raw: string): string {
  if (raw.trim() === '') return 'The request body is empty; send one JSON object.';
  const fault = raw.length > SEARCHED ? undefined : findJsonFault(raw);
  if (fault === undefined) return 'The request body is not valid JSON; send one JSON object.';
  const { position, line, column, hint } = fault;
  return (
    `The request body is not valid JSON at position ${position} (line ${line}, column ${column}): ` +
    `${hint}.`
  );
}

/** What is changed on the way upstream. */
export interface BodyChanges {
  /** The provider's own name of the model. */
  readonly model?: string;
  /** Ask a stream to report its usage. */
  readonly includeUsage?: boolean;
  /** Limit the answer, by the field that the upstream understands; the client's own limits are taken out. */
  readonly limit?: { readonly field: string; readonly tokens: number } | undefined;
}

/**
 * The body's text with the changes. The values of all other fields keep their bytes: a number too long
 * for a double, an escape, the order of keys. Where only the model changes or `stream_options` is
 * added, so does everything between them. A field that stands twice and is changed stands once after:
 * parsers disagree on which one counts, and none may see a model that was not chosen.
 */
export function rewriteBody(body: RequestBody, changes: BodyChanges): string {
  const { json } = body;
  const { model, limit } = changes;
  const options = json['stream_options'];
  const addUsage = changes.includeUsage === true && asObject(options)?.['include_usage'] !== true;
  if (limit === undefined && !(addUsage && options !== undefined)) {
    const spliced = model === undefined ? body.raw : withModel(body, model);
    if (spliced !== undefined) return addUsage ? withUsageInFront(spliced) : spliced;
  }
  const fields = new Map<string, Json>();
  if (model !== undefined) fields.set('model', model);
  if (addUsage) fields.set('stream_options', { ...asObject(options), include_usage: true });
  if (limit !== undefined) fields.set(limit.field, limit.tokens);
  const removed = limit === undefined ? [] : ['max_tokens', 'max_completion_tokens'];
  return rebuild(body.raw, fields, new Set(removed));
}

/** The object's text with `fields` set, in the places of the old ones or at the end, and others removed. */
function rebuild(
  raw: string,
  fields: ReadonlyMap<string, Json>,
  removed: ReadonlySet<string>,
): string {
  const missing = new Map(fields);
  const parts: string[] = [];
  for (const { key, keyStart, start, end } of topLevelMembers(raw)) {
    if (fields.has(key)) {
      const value = missing.get(key);
      if (value !== undefined) parts.push(raw.slice(keyStart, start) + JSON.stringify(value));
      missing.delete(key);
    } else if (!removed.has(key)) parts.push(raw.slice(keyStart, end));
  }
  for (const [key, value] of missing) parts.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${parts.join(',')}}`;
}

/** For an object that has at least one field. */
function withUsageInFront(text: string): string {
  const brace = skipSpace(text, 0) + 1;
  if (text[skipSpace(text, brace)] === '}') return '{"stream_options":{"include_usage":true}}';
  return `${text.slice(0, brace)}"stream_options":{"include_usage":true},${text.slice(brace)}`;
}

const KEY = '"model"';

/** The text with another model; undefined where the field does not stand exactly once. */
function withModel({ raw, json }: RequestBody, model: string): string | undefined {
  const only = isOnlyKey(raw) ? valueOfOnlyKey(raw, json['model']) : undefined;
  if (only !== undefined) return json['model'] === model ? raw : splice(raw, only, model);
  const [found, ...others] = topLevelMembers(raw).filter(({ key }) => key === 'model');
  return found === undefined || others.length > 0 ? undefined : splice(raw, found, model);
}

function splice(raw: string, { start, end }: Pick<Member, 'start' | 'end'>, model: string): string {
  return raw.slice(0, start) + JSON.stringify(model) + raw.slice(end);
}

/**
 * True when the key is written in the text exactly once and in no escaped spelling: all letters of
 * "model" are U+006x, so an escaped spelling contains `\u006`. Inside a string the quotes would be
 * escaped, so the only occurrence is a key, or a value that is exactly this word.
 */
function isOnlyKey(raw: string): boolean {
  const first = raw.indexOf(KEY);
  return first !== -1 && raw.indexOf(KEY, first + 1) === -1 && !raw.includes('\\u006');
}

/** The value behind the only key, if it is the one that was parsed. */
function valueOfOnlyKey(
  raw: string,
  value: Json | undefined,
): Pick<Member, 'start' | 'end'> | undefined {
  const colon = skipSpace(raw, raw.indexOf(KEY) + KEY.length);
  if (raw[colon] !== ':' || typeof value !== 'string') return undefined;
  const start = skipSpace(raw, colon + 1);
  const literal = JSON.stringify(value);
  return raw.startsWith(literal, start) ? { start, end: start + literal.length } : undefined;
}
