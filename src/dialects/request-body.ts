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
  const { raw, json } = body;
  const { model, limit } = changes;
  const options = json['stream_options'];
  const addUsage = changes.includeUsage === true && asObject(options)?.['include_usage'] !== true;
  const members = topLevelMembers(raw);
  if (limit === undefined && !(addUsage && options !== undefined)) {
    const spliced = model === undefined ? raw : withModel(raw, members, model);
    if (spliced !== undefined) return addUsage ? withUsageInFront(spliced) : spliced;
  }
  const fields = new Map<string, Json>();
  if (model !== undefined) fields.set('model', model);
  if (addUsage) fields.set('stream_options', { ...asObject(options), include_usage: true });
  if (limit !== undefined) fields.set(limit.field, limit.tokens);
  const removed = limit === undefined ? [] : ['max_tokens', 'max_completion_tokens'];
  return rebuild(raw, members, { fields, removed });
}

/** The text with another model; undefined where the field does not stand exactly once. */
function withModel(raw: string, members: readonly Member[], model: string): string | undefined {
  const [only, ...others] = members.filter(({ key }) => key === 'model');
  if (only === undefined || others.length > 0) return undefined;
  return raw.slice(0, only.start) + JSON.stringify(model) + raw.slice(only.end);
}

function withUsageInFront(text: string): string {
  const brace = skipSpace(text, 0) + 1;
  const comma = text[skipSpace(text, brace)] === '}' ? '' : ',';
  return `${text.slice(0, brace)}"stream_options":{"include_usage":true}${comma}${text.slice(brace)}`;
}

interface Rebuilding {
  readonly fields: ReadonlyMap<string, Json>;
  readonly removed: readonly string[];
}

/** The object's text with `fields` set, in the places of the old ones or at the end, and others removed. */
function rebuild(raw: string, members: readonly Member[], { fields, removed }: Rebuilding): string {
  const missing = new Map(fields);
  const parts: string[] = [];
  for (const { key, keyStart, start, end } of members) {
    if (fields.has(key)) {
      const value = missing.get(key);
      if (value !== undefined) parts.push(raw.slice(keyStart, start) + JSON.stringify(value));
      missing.delete(key);
    } else if (!removed.includes(key)) parts.push(raw.slice(keyStart, end));
  }
  for (const [key, value] of missing) parts.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${parts.join(',')}}`;
}
