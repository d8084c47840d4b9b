/** `numbers`: every number of one text, with its unit, is in the other. @module */
import { type Quantities, quantitiesOf } from './quantities.ts';
import { type Quantity, sameQuantity } from './units.ts';

/** Refuses "5 km" for "10 km", "5 km" for "5 miles" and "two" for none; "60 seconds" is "1 minute". */
export function numbers(asked: string, kept: string): string | undefined {
  const one = quantitiesOf(asked);
  const other = quantitiesOf(kept);
  const lone = unmatched(one, other) ?? unmatched(other, one);
  if (lone !== undefined) return `${describe(lone)} is in only one of them`;
  const ordinal =
    one.ordinals.find((place) => !other.ordinals.includes(place)) ??
    other.ordinals.find((place) => !one.ordinals.includes(place));
  // "First" is often said without counting; beside another place it counts.
  if (
    ordinal !== undefined &&
    (ordinal !== 1 || (one.ordinals.length > 0 && other.ordinals.length > 0))
  ) {
    return `number ${ordinal} is in only one of them`;
  }
  return bareUnits(one, other);
}

function unmatched(one: Quantities, other: Quantities): Quantity | undefined {
  const left = [...other.counted, ...other.perhaps];
  return one.counted.find((quantity) => {
    const match = left.findIndex((candidate) => sameQuantity(quantity, candidate));
    if (match !== -1) left.splice(match, 1);
    return match === -1;
  });
}

function describe({ value, unit }: Quantity): string {
  return unit === undefined ? String(value) : `${value} ${unit.name}`;
}

function bareUnits(one: Quantities, other: Quantities): string | undefined {
  if (one.bareUnits.size === 0 || other.bareUnits.size === 0) return undefined;
  const lone =
    [...one.bareUnits].find((name) => !other.bareUnits.has(name)) ??
    [...other.bareUnits].find((name) => !one.bareUnits.has(name));
  return lone === undefined ? undefined : `the unit ${lone} is in only one of them`;
}
