/**
 * A value that fits a JSON schema, with the prompt's own words and numbers in it where the schema lets
 * them in.
 *
 * @module
 */
import {
  asArray,
  asNumber,
  asObject,
  asString,
  isObject,
  type Json,
  type JsonObject,
} from '../json.ts';

/** What values are made of. */
export interface Material {
  /** Goes into the first string that is free, then into no other. */
  label: string;
  /** The prompt's text: values of an `enum` that stand in it are preferred. */
  readonly text: string;
  /** Names and words that strings take, in turn. */
  readonly terms: readonly string[];
  /** Numbers that fields take, in turn. */
  readonly numbers: readonly number[];
}

/** How deep schemas are followed; recursive ones end here. */
const DEEPEST = 12;

interface Place {
  readonly root: JsonObject;
  readonly material: Material;
  readonly depth: number;
  /** Which of the material's terms and numbers is next. */
  readonly turn: { term: number; number: number };
}

/**
 * A value that fits `schema`: types, enum, const, required and optional properties, items, lengths,
 * ranges, formats, `$ref`, anyOf, oneOf, allOf. What a schema demands by `pattern`, `not` or `if` is
 * tried, not guaranteed.
 */
export function sampleOf(schema: JsonObject, material: Material): Json {
  const turn = { term: 0, number: 0 };
  return sample(schema, { root: schema, material: { ...material }, depth: 0, turn });
}

function sample(given: Json | undefined, place: Place): Json {
  const schema = resolve(given, place);
  const below = { ...place, depth: place.depth + 1 };
  const chosen = schema['enum'] === undefined ? schema['const'] : pick(schema, place);
  if (chosen !== undefined) return chosen;
  switch (typeOf(schema, place)) {
    case 'object':
      return sampleObject(schema, below);
    case 'array':
      return sampleArray(schema, below);
    case 'integer':
    case 'number':
      return sampleNumber(schema, place);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return sampleString(schema, place);
  }
}

/** The schema with its reference followed and its alternatives merged in. */
function resolve(given: Json | undefined, place: Place, hops = 0): JsonObject {
  const schema = asObject(given) ?? {};
  const reference = asString(schema['$ref']);
  if (reference !== undefined && hops < DEEPEST) {
    const { $ref: _, ...beside } = schema;
    return resolve({ ...lookUp(place.root, reference), ...beside }, place, hops + 1);
  }
  const { anyOf, oneOf, allOf, ...own } = schema;
  const alternatives = [...asArray(anyOf), ...asArray(oneOf)];
  // Deep down the plainest alternative ends a recursion.
  const alternative =
    place.depth < DEEPEST / 2
      ? alternatives[0]
      : (alternatives.find((one) => asObject(one)?.['type'] === 'null') ?? alternatives.at(-1));
  const parts = [...asArray(allOf), ...(alternative === undefined ? [] : [alternative])];
  if (parts.length === 0 || hops >= DEEPEST) return own;
  return parts.reduce<JsonObject>(
    (merged, part) => merge(merged, resolve(part, place, hops + 1)),
    own,
  );
}

function merge(left: JsonObject, right: JsonObject): JsonObject {
  return {
    ...left,
    ...right,
    properties: { ...asObject(left['properties']), ...asObject(right['properties']) },
    required: [...asArray(left['required']), ...asArray(right['required'])],
  };
}

/** A pointer within the document: `#/$defs/name`. */
function lookUp(root: JsonObject, reference: string): JsonObject {
  let found: Json | undefined = root;
  for (const step of reference.replace(/^#\/?/, '').split('/')) {
    if (step === '') continue;
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    found = asObject(found)?.[name];
  }
  return asObject(found) ?? {};
}

function pick(schema: JsonObject, { material }: Place): Json | undefined {
  const values = asArray(schema['enum']);
  const text = material.text.toLowerCase();
  const named = values.find(
    (value) => typeof value === 'string' && value !== '' && text.includes(value.toLowerCase()),
  );
  return named ?? values[0];
}

function typeOf(schema: JsonObject, { depth }: Place): string {
  const types = [schema['type']].flat().filter((type) => typeof type === 'string');
  if (depth > DEEPEST && types.includes('null')) return 'null';
  const first = types.find((type) => type !== 'null') ?? types[0];
  if (first !== undefined) return first;
  if (Object.keys(asObject(schema['properties']) ?? {}).length > 0) return 'object';
  if (schema['items'] !== undefined) return 'array';
  return schema['minimum'] === undefined && schema['maximum'] === undefined ? 'string' : 'number';
}

function sampleObject(schema: JsonObject, place: Place): JsonObject {
  const properties = asObject(schema['properties']) ?? {};
  const required = asArray(schema['required']).filter((name) => typeof name === 'string');
  // Deep down only what must be there: that ends most recursions.
  const optional = place.depth > DEEPEST / 2 ? [] : Object.keys(properties);
  const names = new Set([...optional, ...required]);
  return Object.fromEntries([...names].map((name) => [name, sample(properties[name], place)]));
}

function sampleArray(schema: JsonObject, place: Place): Json[] {
  const first = asArray(schema['prefixItems']).map((item) => sample(item, place));
  const least = asNumber(schema['minItems']) ?? 0;
  const wanted = place.depth > DEEPEST / 2 ? least : Math.max(1, least);
  const most = asNumber(schema['maxItems']) ?? Infinity;
  const length = Math.min(Math.max(wanted, first.length), most);
  if (!isObject(schema['items'])) {
    const rest = schema['items'] === false ? 0 : Math.max(0, length - first.length);
    return [...first, ...Array.from({ length: rest }, () => sample({ type: 'string' }, place))];
  }
  const rest = Array.from({ length: Math.max(0, length - first.length) }, () =>
    sample(schema['items'], place),
  );
  return [...first, ...rest];
}

function sampleNumber(schema: JsonObject, { material, turn }: Place): number {
  const step = asNumber(schema['multipleOf']) ?? (schema['type'] === 'number' ? undefined : 1);
  const fits = (value: number): boolean =>
    value >= lowest(schema) &&
    value <= (asNumber(schema['maximum']) ?? Infinity) &&
    value > (asNumber(schema['exclusiveMinimum']) ?? -Infinity) &&
    value < (asNumber(schema['exclusiveMaximum']) ?? Infinity) &&
    (step === undefined || Number.isInteger(value / step));
  const named = material.numbers.slice(turn.number).find(fits) ?? material.numbers.find(fits);
  if (named !== undefined) {
    turn.number++;
    return named;
  }
  return candidates(schema, step ?? 1).find(fits) ?? 0;
}

function lowest(schema: JsonObject): number {
  return asNumber(schema['minimum']) ?? -Infinity;
}

/** Values near the borders of the range. */
function candidates(schema: JsonObject, step: number): number[] {
  const least = asNumber(schema['minimum']) ?? asNumber(schema['exclusiveMinimum']);
  const most = asNumber(schema['maximum']) ?? asNumber(schema['exclusiveMaximum']);
  const up = least === undefined ? [] : [Math.ceil(least / step) * step];
  const down = most === undefined ? [] : [Math.floor(most / step) * step];
  const between = least !== undefined && most !== undefined ? [(least + most) / 2] : [];
  return [
    1,
    0,
    step,
    ...up.flatMap((value) => [value, value + step]),
    ...down.flatMap((value) => [value, value - step]),
    ...between,
  ];
}

/** Values of the formats that schemas use. */
const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-15',
  time: '09:30:00Z',
  'date-time': '2026-01-15T09:30:00Z',
  duration: 'P1D',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

function sampleString(schema: JsonObject, place: Place): string {
  const format = FORMATS[asString(schema['format']) ?? ''];
  if (format !== undefined) return format;
  const pattern = asString(schema['pattern']);
  if (pattern !== undefined) return matching(pattern, place.material);
  const { material, turn } = place;
  const term = material.terms[turn.term++ % Math.max(1, material.terms.length)] ?? 'simulated';
  const text = material.label === '' ? term : `${material.label} ${term}`;
  material.label = '';
  return fitLength(text, schema);
}

/** A schema counts code points. */
function fitLength(text: string, schema: JsonObject): string {
  const least = Math.min(asNumber(schema['minLength']) ?? 0, 10_000);
  const most = asNumber(schema['maxLength']) ?? Infinity;
  const points = Array.from(text);
  while (points.length < least) points.push(points.length % 2 === 0 ? ' ' : '.');
  return points.slice(0, most).join('');
}

/** A term, a number or a usual form that matches; the plainest of them where none does. */
function matching(pattern: string, { terms, numbers }: Material): string {
  const usual = [
    'A',
    'a',
    '1',
    'ABC',
    'abc',
    '00000',
    'A1',
    'AB-123',
    '1.0.0',
    '+15550100',
    '2026-01',
  ];
  const tried = [...terms, ...numbers.map(String), ...Object.values(FORMATS), ...usual];
  try {
    const expression = new RegExp(pattern, 'u');
    return tried.find((value) => expression.test(value)) ?? 'simulated';
  } catch {
    return 'simulated';
  }
}
