/**
 * A user's own prices: from the file's form into rules, with slips of the unit refused. A price that is
 * wrong by a unit makes every figure behind it wrong.
 *
 * @module
 */
import type { PriceBand, PriceRule, Rates, TierPrice } from '../pricing/price-rule.ts';
import type { PriceForm, RatesForm } from './price-schema.ts';
import type { Path, Problems } from './problems.ts';

/** How far off the public list a price may be before it is taken for a slip. */
const FAR_OFF = 50;
/** How near to a wrong unit's factor it must be to name that unit. */
const NEAR = 8;
/** USD per 1M tokens: what no model has ever cost, for models that the public list does not know. */
const NEVER_BELOW = 0.0005;
const NEVER_ABOVE = 5000;

/** Slips of the unit: what the written number is to the right one. */
const UNITS = [
  { name: 'USD per token', factor: 1e-6 },
  { name: 'USD per 1K tokens', factor: 1e-3 },
  { name: 'cents per 1M tokens', factor: 1e2 },
  { name: 'millionths of a dollar per 1M tokens', factor: 1e6 },
] as const;

/** What checking needs. */
export interface PriceCheck {
  /** The public list's price of the model, where it has one. */
  readonly listed: PriceRule | undefined;
  readonly problems: Problems;
}

/** The rules of a model's own prices, in the order of time. What is wrong is added to the problems. */
export function ownPrices(
  name: string,
  form: PriceForm | readonly PriceForm[],
  check: PriceCheck,
): readonly PriceRule[] {
  const forms: readonly PriceForm[] = 'input' in form ? [form] : form;
  const base: Path = ['models', name, 'price'];
  const rules = forms.map((one, index) => {
    const path = 'input' in form ? base : [...base, index];
    if (one.unusual !== true) refuseSlips(one, path, check);
    return ruleOf(name, one);
  });
  const sorted = rules.toSorted((a, b) => (a.from ?? -Infinity) - (b.from ?? -Infinity));
  for (const [index, rule] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined && (rule.until ?? Infinity) > (next.from ?? -Infinity)) {
      const message = 'two prices hold at the same time; give each a from and an until';
      check.problems.add(base, message);
    }
  }
  return sorted;
}

function refuseSlips(price: RatesForm | PriceForm, path: Path, check: PriceCheck): void {
  for (const field of ['input', 'output'] as const) {
    const given = price[field];
    if (given === 0) continue;
    const listed = check.listed?.rates[field];
    const problem = listed === undefined || listed === 0 ? absurd(given) : farOff(given, listed);
    if (problem !== undefined) {
      const sure = 'if it is right, add unusual: true';
      check.problems.add([...path, field], `${given} ${problem}; ${sure}`);
    }
  }
}

function farOff(given: number, listed: number): string | undefined {
  const ratio = given / listed;
  if (ratio > 1 / FAR_OFF && ratio < FAR_OFF) return undefined;
  const says = `the public list says ${listed}`;
  const unit = UNITS.find(({ factor }) => ratio > factor / NEAR && ratio < factor * NEAR);
  if (unit === undefined) return `is more than ${FAR_OFF} times off: ${says} USD per 1M tokens`;
  const meant = Number((given / unit.factor).toPrecision(6));
  return `looks like ${unit.name}; prices are USD per 1M tokens: ${meant}? ${says}`;
}

function absurd(given: number): string | undefined {
  if (given > NEVER_ABOVE) return 'is more than any model costs; prices are USD per 1M tokens';
  if (given >= NEVER_BELOW) return undefined;
  const meant = Number((given * 1e6).toPrecision(6));
  return `looks like USD per token; prices are USD per 1M tokens: ${meant}?`;
}

function ruleOf(name: string, form: PriceForm): PriceRule {
  const { flex, priority, batch, fast, from, until } = form;
  const tiers = defined({ flex, priority, batch, fast });
  const fees = defined({ request: form['per-request'], search: form['per-search'] });
  const bands = form.bands?.map((band): PriceBand => ({
    abovePromptTokens: band.above,
    rates: ratesOf(band),
  }));
  return {
    id: `config:${name}${from === undefined ? '' : `@${from.slice(0, 10)}`}`,
    rates: ratesOf(form),
    source: 'config',
    asOf: new Date().toISOString().slice(0, 10),
    ...defined({
      bands,
      from: from === undefined ? undefined : Date.parse(from),
      until: until === undefined ? undefined : Date.parse(until),
    }),
    ...(Object.keys(fees).length === 0 ? {} : { fees }),
    ...(Object.keys(tiers).length === 0
      ? {}
      : {
          tiers: Object.fromEntries(
            Object.entries(tiers).map(([tier, price]): [string, TierPrice] => [
              tier,
              typeof price === 'number' ? { factor: price } : { rates: ratesOf(price) },
            ]),
          ),
        }),
  };
}

function ratesOf(form: Omit<RatesForm, 'above'>): Rates {
  return {
    input: form.input,
    output: form.output,
    ...defined({
      cacheRead: form['cache-read'],
      cacheWrite5m: form['cache-write'],
      cacheWrite30m: form['cache-write-30m'],
      cacheWrite1h: form['cache-write-1h'],
      cacheWrite12h: form['cache-write-12h'],
      reasoning: form.reasoning,
      inputAudio: form['input-audio'],
      inputImage: form['input-image'],
      outputAudio: form['output-audio'],
    }),
  };
}

type Defined<Given> = { [Name in keyof Given]?: Exclude<Given[Name], undefined> };

/** The fields that are there. */
function defined<Given extends object>(given: Given): Defined<Given> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<Given>;
}
