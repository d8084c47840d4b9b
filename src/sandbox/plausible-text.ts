/**
 * What a simulated model writes: short, about the prompt's own names and numbers, and labelled.
 *
 * @module
 */
import { salientTerms } from '../checks/salient-terms.ts';
import { lastUserText, systemText } from '../dialects/openai-chat-request.ts';
import { asObject, type JsonObject } from '../json.ts';
import { type Material, sampleOf } from './schema-sample.ts';

/** Longest part of the prompt that is taken up, in UTF-16 units. */
const GIST = 400;
/** Fields taken from a prompt that writes out the JSON it wants. */
const MOST_FIELDS = 16;

/** The mark at the start of every simulated text. */
export function labelOf(model: string): string {
  return `[simulated by ${model}]`;
}

/** An answer in words, chosen among a few forms by `luck`. */
export function plausibleText(request: JsonObject, label: string, luck: number): string {
  const labels = classesOf(systemText(request));
  if (labels.length > 0) return `${label} ${labels[luck % labels.length]}`;
  const gist = gistOf(request);
  if (gist === '') return `${label} There was no question, so here is a greeting: hello.`;
  const terms = salientTerms(gist);
  const about = terms.length === 0 ? 'it' : inWords(terms);
  if (gist.endsWith('?')) {
    return `${label} You asked: ${gist} The short answer is that it depends on ${about}; start with the part that is easiest to check.`;
  }
  const forms = [
    `First agree on what is wanted, then on who does it, then on a date.`,
    `The next step is small: write down the goal, the limits and the first thing to try.`,
    `What matters most comes first; the rest can wait until that is settled.`,
  ];
  return `${label} Regarding your request: ${gist} It comes down to ${about}. ${forms[luck % forms.length]}`;
}

/** An answer as JSON text: what the schema wants, or else what the prompt's own example wants. */
export function plausibleJson(request: JsonObject, label: string): string | undefined {
  const format = asObject(request['response_format']);
  const schema = asObject(asObject(format?.['json_schema'])?.['schema']);
  if (schema !== undefined) return JSON.stringify(sampleOf(schema, materialOf(request, label)));
  if (format?.['type'] !== 'json_object' && format?.['type'] !== 'json_schema') return undefined;
  const fields = fieldsOf(`${systemText(request)}\n${lastUserText(request)}`);
  const wanted = fields.length === 0 ? ['answer'] : fields;
  const properties = Object.fromEntries(wanted.map((name) => [name, { type: 'string' }]));
  return JSON.stringify(sampleOf({ type: 'object', properties }, materialOf(request, label)));
}

/** What a request offers to fill fields with. */
export function materialOf(request: JsonObject, label: string): Material {
  const text = gistOf(request);
  const terms = salientTerms(text);
  const numbers = (text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  // The first field takes up the whole prompt, so that what must be mentioned is.
  return { label, text, terms: [text === '' ? 'simulated' : text, ...terms], numbers };
}

/** The caller's own words on one line, shortened. */
function gistOf(request: JsonObject): string {
  const text = lastUserText(request).replaceAll(/\s+/g, ' ').trim();
  const end = text.isWellFormed() ? GIST : GIST - 1;
  return text.length > GIST ? `${text.slice(0, end).toWellFormed()}…` : text;
}

function inWords(terms: readonly string[]): string {
  const last = terms.at(-1) ?? '';
  return terms.length < 2 ? last : `${terms.slice(0, -1).join(', ')} and ${last}`;
}

/** The classes of a prompt such as "Classify as one of: billing, bug or praise". */
function classesOf(system: string): string[] {
  const listed =
    /\b(?:one of|classes|categories|labels|either|as|into)\b:?\s+((?:["'`]?[\w-]+["'`]?(?:,\s*(?:or|and)?\s*|\s+(?:or|and)\s+|\s*[|/]\s*)){1,20}["'`]?[\w-]+)/i.exec(
      system,
    )?.[1];
  if (!/\bclassif/i.test(system) || listed === undefined) return [];
  return listed
    .split(/,\s*(?:or\s+|and\s+)?|\s+(?:or|and)\s+|\s*[|/]\s*/)
    .map((name) => name.replaceAll(/["'`]/g, ''))
    .filter((name) => name !== '');
}

/** Names that stand as keys in the prompt: `"reasoning": "___"`. */
function fieldsOf(prompt: string): string[] {
  const keys = [...prompt.matchAll(/"([A-Za-z_]\w{0,40})"\s*:/g)].map(([, name = '']) => name);
  return [...new Set(keys)].slice(0, MOST_FIELDS);
}
