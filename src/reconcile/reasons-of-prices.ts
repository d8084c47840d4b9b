/**
 * Drifts of the same calls at another price.
 *
 * @module
 */
import { completeRates, costNano } from '../pricing/cost.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import type { PriceRule } from '../pricing/price-rule.ts';
import { inputTokens, outputTokens, NO_TOKENS } from '../pricing/usage.ts';
import { type ComparedLine, tokenSum } from './compare.ts';
import { isCovered, near, percent, type Reason, type Rule, type Surroundings } from './reason.ts';

/** How exactly a ratio of prices must be met. */
const SAME_RATIO = 0.02;
/** Batch and flex cost half. */
const HALF = 0.5;
/** Regional processing costs a tenth more. */
const REGIONAL = 1.1;

/** In the order of asking: the narrowest evidence first. */
export const PRICE_RULES: readonly Rule[] = [
  serviceTier,
  discount,
  cachedTokens,
  otherPrice,
  region,
  priceDiffers,
  unknown,
];

/** Bill by ledger; undefined where one of them is nothing. */
function ratioOf({ billed, ledger }: ComparedLine): number | undefined {
  const cost = billed.costNano ?? 0;
  return cost > 0 && ledger.costNano > 0 ? cost / ledger.costNano : undefined;
}

function serviceTier(line: ComparedLine): Reason | undefined {
  const { billed, ledger } = line;
  const code = 'service-tier';
  const onlyOnBill = [...billed.serviceTiers].filter((tier) => !ledger.serviceTiers.has(tier));
  if (onlyOnBill.length > 0) {
    const text = `the bill has the service tier ${onlyOnBill.join(', ')}, the ledger has not`;
    return { code, text };
  }
  const ratio = ratioOf(line);
  if (ratio !== undefined && near(ratio, HALF, SAME_RATIO)) {
    return { code, text: 'billed at half the price: batch or flex' };
  }
  const [own] = ledger.serviceTiers;
  if (ratio === undefined || own === undefined || !near(ratio, 1 / HALF, SAME_RATIO)) {
    return undefined;
  }
  return { code, text: `the ledger has the service tier ${own}, billed at twice its price` };
}

/** One ratio for every model, or the bill's own word that its list price is higher. */
function discount(line: ComparedLine, { lines }: Surroundings): Reason | undefined {
  const ratio = ratioOf(line);
  if (ratio === undefined) return undefined;
  const { costNano: cost = 0, listNano: list } = line.billed;
  if (list !== undefined && list !== cost && near(list, line.ledger.costNano, SAME_RATIO)) {
    return discountOf(line, cost / list, "the ledger has the list price of the bill's own report");
  }
  const ratios = lines.flatMap((other) => {
    const own = other.kind === 'item' ? undefined : ratioOf(other);
    return own === undefined || isCovered(other) === false ? [] : [{ key: other.key, own }];
  });
  const models = new Set(ratios.map(({ key }) => key));
  if (models.size < 2 || !ratios.every(({ own }) => near(own, ratio, SAME_RATIO))) return undefined;
  const factor = ratios.reduce((sum, { own }) => sum + own, 0) / ratios.length;
  return discountOf(line, factor, `all ${models.size} models drift by the same factor`);
}

function discountOf({ ledger }: ComparedLine, ratio: number, evidence: string): Reason {
  // A price factor that is set already stands in the rule's id.
  const set = Number(/\*([\d.]+)$/.exec(ledger.priceIds[0] ?? '')?.[1] ?? 1);
  const what = ratio < 1 ? 'a negotiated discount' : 'a surcharge or tax';
  const text = `${what}: ${evidence}; price-factor: ${Number((set * ratio).toFixed(4))} would fit`;
  return { code: 'discount', text };
}

/**
 * The prices that the model has, had and will have, by whichever of its names the book knows; none for a
 * line of all models together.
 */
function rulesOf(line: ComparedLine, book: PriceBook): readonly PriceRule[] {
  if (line.kind !== 'model') return [];
  const names = [line.model, ...line.ledger.models];
  const found = names.map((name) => book.rules(line.provider, name));
  return found.find((rules) => rules.length > 0) ?? [];
}

function cachedTokens(line: ComparedLine, { book }: Surroundings): Reason | undefined {
  const { billed, ledger, driftNano: drift = 0 } = line;
  const code = 'cached-tokens';
  const told = billed.tokens?.cacheRead;
  const own = ledger.tokens.cacheRead;
  const sameSum = near(inputTokens({ ...NO_TOKENS, ...billed.tokens }), inputTokens(ledger.tokens));
  if (told !== undefined && sameSum && !near(told, own, SAME_RATIO)) {
    const text = `the bill has ${told} tokens read from the cache, the ledger ${own}`;
    return { code, text };
  }
  const rules = rulesOf(line, book);
  const rule = rules.find(({ id }) => ledger.priceIds.includes(id)) ?? rules[0];
  if (rule === undefined || own === 0) return undefined;
  const rates = completeRates(rule.rates);
  // USD per 1M tokens are 1,000 nano-dollars a token.
  const discounted = own * (rates.input - rates.cacheRead) * 1000;
  if (discounted === 0 || !near(Math.abs(drift), discounted, 0.05)) return undefined;
  const who = drift < 0 ? 'the bill' : 'the ledger';
  return { code, text: `${who} has ${own} tokens read from the cache at the full input price` };
}

/** Prices the model has had or will have: the ledger's tokens at each. */
function otherPrice(line: ComparedLine, { book }: Surroundings): Reason | undefined {
  const { ledger, billed } = line;
  const fitting = rulesOf(line, book).find((rule) => {
    if (ledger.priceIds.includes(rule.id)) return false;
    // Sums of many prompts have no size of their own.
    const cost = costNano(ledger.tokens, { ...rule, bands: [], windows: [] });
    return cost !== undefined && near(cost, billed.costNano ?? 0, 0.01);
  });
  if (fitting === undefined) return undefined;
  const text = `the bill fits ${fitting.id}, the ledger used ${ledger.priceIds.join(', ')}`;
  return { code: 'other-price', text };
}

function region(line: ComparedLine): Reason | undefined {
  const ratio = ratioOf(line);
  if (ratio === undefined || !near(ratio, REGIONAL, 0.005)) return undefined;
  return { code: 'region', text: 'billed at 1.1 times the price: processing in a region' };
}

function priceDiffers(line: ComparedLine): Reason | undefined {
  const ratio = ratioOf(line);
  const { tokens } = line.billed;
  if (ratio === undefined || tokens === undefined) return undefined;
  if (!near(tokenSum({ ...NO_TOKENS, ...tokens }), tokenSum(line.ledger.tokens))) {
    return tokensDiffer(line);
  }
  const used = line.ledger.priceIds.join(', ') || 'no price of ours';
  const text = `the same tokens at ${ratio.toFixed(3)} times the price: look at ${used}`;
  return { code: 'price-differs', text };
}

/** As many requests, but not as many tokens: a share of them was not seen, or is counted by another tokenizer. */
function tokensDiffer({ billed, ledger }: ComparedLine): Reason {
  const told = { ...NO_TOKENS, ...billed.tokens };
  const input = inputTokens(ledger.tokens) / inputTokens(told) - 1;
  const output = outputTokens(ledger.tokens) / outputTokens(told) - 1;
  const text = `as many requests, other token counts in the ledger: input ${signed(input)}, output ${signed(output)}`;
  return { code: 'unknown', text };
}

function signed(share: number): string {
  return Number.isFinite(share) ? `${share < 0 ? '' : '+'}${percent(share)}` : 'without a figure';
}

function unknown(line: ComparedLine): Reason | undefined {
  const text =
    line.coverage === undefined
      ? "not to be told from costs alone: give the provider's usage export as well"
      : 'no rule fits';
  return { code: 'unknown', text };
}
