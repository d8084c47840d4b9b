/** `tool-calls`: tools that exist are called with arguments that are right. @module */
import { asArray, asObject, asString, type Json, type JsonObject, parseJson } from '../json.ts';
import type { Check, CheckContext, Choice, ToolCall, Verdict } from './check.ts';
import { readNothing } from './options.ts';
import { findJson } from './repair-json.ts';
import { validatorOf } from './schema-validator.ts';

/**
 * Passes answers whose tool calls name tools of the call, with arguments that are JSON and fit the
 * tool's schema. Mends arguments of the wrong type where the meaning is certain: "5" for 5, "true" for
 * true, JSON text for the object it holds, one item for a list of it. A call that demands a tool
 * (`tool_choice`) must get one; an answer without tool calls passes otherwise.
 */
export function toolCalls(option: unknown): Check {
  readNothing('tool-calls', option);
  return { name: 'tool-calls', judge };
}

function judge(choice: Choice, { request }: CheckContext): Verdict {
  const tools = toolsOf(request);
  if (choice.toolCalls.length === 0)
    return demandsTool(request) ? no('no tool is called') : { verdict: 'accept' };
  const mended: ToolCall[] = [];
  const repairs: string[] = [];
  for (const call of choice.toolCalls) {
    const tool = tools.get(call.name);
    if (tool === undefined) return no(`there is no tool "${call.name.slice(0, 100)}"`);
    const judged = judgeArguments(call, tool);
    if ('wrong' in judged) return no(`${call.name}: ${judged.wrong}`);
    mended.push({ ...call, arguments: judged.text });
    if (judged.text !== call.arguments) repairs.push(`arguments of ${call.name} mended`);
  }
  if (repairs.length === 0) return { verdict: 'accept' };
  return {
    verdict: 'repair',
    choice: { ...choice, toolCalls: mended },
    reason: repairs.join(', '),
  };
}

function no(reason: string): Verdict {
  return { verdict: 'escalate', reason };
}

function demandsTool(request: JsonObject): boolean {
  const choice = request['tool_choice'] ?? request['function_call'];
  return choice === 'required' || choice === 'any' || asObject(choice) !== undefined;
}

/** The schemas of the call's tools, by name; a tool without parameters takes anything. */
function toolsOf(request: JsonObject): Map<string, JsonObject> {
  const tools = new Map<string, JsonObject>();
  const given = [
    ...asArray(request['tools']).map((tool) => asObject(tool)?.['function']),
    ...asArray(request['functions']),
  ];
  for (const tool of given) {
    const name = asString(asObject(tool)?.['name']);
    if (name !== undefined) tools.set(name, asObject(asObject(tool)?.['parameters']) ?? {});
  }
  return tools;
}

function judgeArguments(
  call: ToolCall,
  schema: JsonObject,
): { readonly text: string } | { readonly wrong: string } {
  // A tool without parameters is called with nothing by some models.
  const text = call.arguments.trim() === '' ? '{}' : call.arguments;
  const found = findJson(text);
  if (found === undefined) return { wrong: 'its arguments are not JSON' };
  const validate = validatorOf(schema);
  const wrong = validate?.(found.value);
  if (wrong === undefined) return { text: text === call.arguments ? found.text : text };
  const coerced = coerce(found.value as Json, schema);
  if (validate?.(coerced) !== undefined) return { wrong };
  return { text: JSON.stringify(coerced) };
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A value of the type that the schema wants, where the one given can only mean that. */
function coerce(value: Json, schema: JsonObject): Json {
  const wanted = typesOf(schema);
  const items = asObject(schema['items']);
  if (Array.isArray(value)) {
    return items === undefined ? value : value.map((item: Json) => coerce(item, items));
  }
  const object = asObject(value);
  if (object !== undefined && !wanted.has('array'))
    return coerceFields(object, asObject(schema['properties']) ?? {});
  if (typeof value === 'string' && !wanted.has('string')) return coerceText(value, wanted, schema);
  if (wanted.has('array') && items !== undefined) return [coerce(value, items)];
  return value;
}

function coerceFields(object: JsonObject, properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      const schema = Object.hasOwn(properties, name) ? asObject(properties[name]) : undefined;
      return [name, schema === undefined || value === undefined ? value : coerce(value, schema)];
    }),
  );
}

function coerceText(text: string, wanted: ReadonlySet<string>, schema: JsonObject): Json {
  const trimmed = text.trim();
  if ((wanted.has('number') || wanted.has('integer')) && NUMBER.test(trimmed))
    return Number(trimmed);
  if (wanted.has('boolean') && /^(?:true|false)$/i.test(trimmed))
    return trimmed.toLowerCase() === 'true';
  if (wanted.has('null') && trimmed === 'null') return null;
  const parsed = /^[[{]/.test(trimmed) ? parseJson(trimmed) : undefined;
  if (parsed !== undefined) return coerce(parsed, schema);
  const items = asObject(schema['items']);
  return wanted.has('array') && items !== undefined ? [coerce(text, items)] : text;
}

function typesOf(schema: JsonObject): ReadonlySet<string> {
  return new Set([schema['type']].flat().filter((type) => typeof type === 'string'));
}
