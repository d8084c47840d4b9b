/**
 * Tools and structured output, in Anthropic's words.
 *
 * @module
 */
import { FarthingError } from '../errors.ts';
import { asArray, asObject, type Json, type JsonObject } from '../json.ts';

/** `tools` and `tool_choice`; empty where there are none. Throws `unsupported_parameter` for custom tools. */
export function convertTools(request: JsonObject): JsonObject {
  const given = asArray(request['tools']);
  if (given.length === 0) return {};
  const tools = given.map((tool, index) => convertTool(asObject(tool) ?? {}, `tools[${index}]`));
  const choice = toolChoice(request['tool_choice'], request['parallel_tool_calls'] === false);
  return { tools, ...(choice === undefined ? {} : { tool_choice: choice }) };
}

/** Anthropic's own server tools, which have neither of OpenAI's shapes, go on as they are. */
function convertTool(tool: JsonObject, param: string): JsonObject {
  const described = asObject(tool['function']);
  if (tool['custom'] !== undefined) {
    throw new FarthingError(
      'unsupported_parameter',
      'A custom tool cannot be sent to an Anthropic model; only functions can.',
      { param },
    );
  }
  if (described === undefined) return tool;
  const { name, description, parameters, cache_control: inner } = described;
  const mark = tool['cache_control'] ?? inner;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    input_schema: inputSchema(asObject(parameters)),
    ...(mark === undefined ? {} : { cache_control: mark }),
  };
}

/** The API wants to be told that arguments are an object. */
function inputSchema(parameters: JsonObject | undefined): JsonObject {
  if (parameters === undefined) return { type: 'object', properties: {} };
  return parameters['type'] === undefined ? { type: 'object', ...parameters } : parameters;
}

function toolChoice(choice: Json | undefined, single: boolean): JsonObject | undefined {
  const one = single ? { disable_parallel_tool_use: true } : {};
  if (choice === 'none') return { type: 'none' };
  if (choice === 'required') return { type: 'any', ...one };
  const name = asObject(asObject(choice)?.['function'])?.['name'];
  if (name !== undefined) return { type: 'tool', name, ...one };
  return single ? { type: 'auto', ...one } : undefined;
}

/**
 * A `response_format` with a schema as structured output. `json_object` has no counterpart and adds
 * nothing: OpenAI, too, demands that the prompt itself asks for JSON then.
 */
export function convertFormat(format: Json | undefined): JsonObject {
  const schema = asObject(asObject(asObject(format)?.['json_schema'])?.['schema']);
  return schema === undefined ? {} : { format: { type: 'json_schema', schema: closed(schema, 0) } };
}

/** Deeper schemas than any provider takes are left as they are. */
const DEEPEST = 64;

/** Objects must be closed, which schemas that are not strict leave unsaid; what says otherwise stays. */
function closed(schema: Json, depth: number): Json {
  if (depth > DEEPEST) return schema;
  if (Array.isArray(schema)) return asArray(schema).map((item) => closed(item, depth + 1));
  const given = asObject(schema);
  if (given === undefined) return schema;
  const copy: Record<string, Json | undefined> = { ...given };
  for (const field of ['items', 'anyOf', 'allOf', 'oneOf']) {
    const inner = given[field];
    if (inner !== undefined) copy[field] = closed(inner, depth + 1);
  }
  for (const field of ['properties', '$defs', 'definitions']) {
    const named = asObject(given[field]);
    if (named === undefined) continue;
    copy[field] = Object.fromEntries(
      Object.entries(named).map(([name, inner]) => [name, closed(inner ?? {}, depth + 1)]),
    );
  }
  const isOpen = given['type'] === 'object' && given['additionalProperties'] === undefined;
  return isOpen ? { ...copy, additionalProperties: false } : copy;
}
