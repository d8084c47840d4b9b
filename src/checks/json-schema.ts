/** `json-schema`: the answer is JSON that fits a schema. @module */
import { asObject, isObject, type JsonObject } from '../json.ts';
import type { Check, CheckContext, Choice, Verdict } from './check.ts';
import { noJsonYet } from './json.ts';
import { wrongOption } from './options.ts';
import { findJson } from './repair-json.ts';
import { validatorOf } from './schema-validator.ts';

/**
 * Passes answers that fit the given schema, else that of the call's `response_format`; a call without
 * any needs to be JSON only when its `response_format` says so. Mends as `json` does.
 */
export function jsonSchema(option: unknown): Check {
  const given = readSchema(option);
  return {
    name: 'json-schema',
    judge: (choice, context) => judge(choice, given ?? schemaOf(context.request)),
    early: (text, context) =>
      (given ?? schemaOf(context.request)) ? noJsonYet(text, context) : undefined,
  };
}

function readSchema(option: unknown): JsonObject | undefined {
  if (option === undefined || option === null || option === true) return undefined;
  if (!isObject(option))
    throw wrongOption('json-schema', 'a JSON schema, or nothing to use the call’s own');
  if (validatorOf(option) === undefined)
    throw wrongOption('json-schema', 'a JSON schema that can be used');
  return option;
}

/** The schema that the call itself sends; `json_object` demands an object of any kind. */
function schemaOf(request: CheckContext['request']): JsonObject | undefined {
  const format = asObject(request['response_format']);
  if (format?.['type'] === 'json_object') return { type: 'object' };
  return asObject(asObject(format?.['json_schema'])?.['schema']);
}

function judge(choice: Choice, schema: JsonObject | undefined): Verdict {
  if (schema === undefined) return { verdict: 'accept' };
  if (choice.toolCalls.length > 0 && choice.text.trim() === '') return { verdict: 'accept' };
  const found = findJson(choice.text);
  if (found === undefined) return { verdict: 'escalate', reason: 'the answer is not JSON' };
  const wrong = validatorOf(schema)?.(found.value);
  if (wrong !== undefined) return { verdict: 'escalate', reason: wrong };
  if (found.repair === undefined) return { verdict: 'accept' };
  return { verdict: 'repair', choice: { ...choice, text: found.text }, reason: found.repair };
}
