/**
 * The price of a service tier from a list that prints rates: a factor where it is one, because a factor
 * holds for bands and classes that the list leaves out.
 *
 * @module
 */
import type { PriceBand, PriceRule, Rates, TierPrice } from '../price-rule.ts';
import { toPico } from '../scale.ts';

/** What a list says of a tier; classes and bands may be missing. */
export interface ListedTier {
  readonly rates: Partial<Rates>;
  readonly bands?: readonly {
    readonly abovePromptTokens: number;
    readonly rates: Partial<Rates>;
  }[];
}

const OUTPUT: ReadonlySet<string> = new Set(['output', 'reasoning', 'outputAudio']);

/**
 * A tier's price. A factor where every rate that is named is the standard one times it, to the last
 * pico-dollar; else rates, of which those that the list leaves out keep their proportion to the standard
 * ones. Undefined where the tier has no input or no output rate.
 *
 * @example
 * tierPrice({ rates: { input: 2.5, output: 10 } }, { rates: { input: 4.25, output: 17 } }); // { factor: 1.7 }
 */
export function tierPrice(
  standard: Pick<PriceRule, 'rates' | 'bands'>,
  { rates, bands = [] }: ListedTier,
): TierPrice | undefined {
  const { input, output } = rates;
  if (input === undefined || output === undefined) return undefined;
  const factor = Number((input / standard.rates.input).toPrecision(6));
  const sameEverywhere =
    Number.isFinite(factor) &&
    factor > 0 &&
    isMultiple(standard.rates, rates, factor) &&
    bands.every(({ abovePromptTokens, rates: named }) => {
      const of = standard.bands?.find((band) => band.abovePromptTokens === abovePromptTokens);
      return of !== undefined && isMultiple(of.rates, named, factor);
    });
  if (sameEverywhere) return { factor };
  const ratio = {
    input: ratioOf(input, standard.rates.input),
    output: ratioOf(output, standard.rates.output),
  };
  const ownBands = (standard.bands ?? []).map(({ abovePromptTokens, rates: of }): PriceBand => {
    const named = bands.find((band) => band.abovePromptTokens === abovePromptTokens);
    return { abovePromptTokens, rates: inProportion(of, named?.rates ?? {}, ratio) };
  });
  return {
    rates: inProportion(standard.rates, rates, ratio),
    ...(ownBands.length === 0 ? {} : { bands: ownBands }),
  };
}

function isMultiple(of: Rates, named: Partial<Rates>, factor: number): boolean {
  return Object.entries(named).every(([name, rate]) => {
    const standard = of[name as keyof Rates];
    return standard !== undefined && toPico(standard * factor) === toPico(rate);
  });
}

function ratioOf(rate: number, standard: number): number {
  return standard === 0 ? 1 : rate / standard;
}

function inProportion(
  of: Rates,
  named: Partial<Rates>,
  ratio: { readonly input: number; readonly output: number },
): Rates {
  const scaled = Object.entries(of).map(([name, rate]: [string, number]) => [
    name,
    toPico(rate * (OUTPUT.has(name) ? ratio.output : ratio.input)) / 1e6,
  ]);
  return { ...(Object.fromEntries(scaled) as unknown as Rates), ...named };
}
