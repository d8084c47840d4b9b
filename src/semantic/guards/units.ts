/**
 * Units by the names people write, with what makes one of another. Only conversions that are certain:
 * no currencies, no spoons, nothing that depends on where one is.
 *
 * @module
 */

/** A unit: what it measures, and `base = value × factor + offset`. */
export interface Unit {
  readonly name: string;
  /** Units of one dimension are converted into each other; a unit of its own has its own. */
  readonly dimension: string;
  readonly factor: number;
  readonly offset: number;
  /** False for words that often stand without a number and then mean something else. */
  readonly tellsAlone: boolean;
}

/** `dimension: factor name name …`; a name with a full stop at its end means something else when alone. */
const TABLE = `
length: 0.001 mm millimetre millimeter; 0.01 cm centimetre centimeter; 1 metre. meter.; 1000 km kilometre kilometer; 0.0254 inch. inche.; 0.3048 ft foot. feet.; 0.9144 yard.; 1609.344 mi mile
mass: 1e-9 mcg µg microgram; 1e-6 mg milligram; 0.001 g gram; 1 kg kilo kilogram; 0.45359237 lb lbs; 0.028349523125 oz ounce; 6.35029318 stone.; 1000 tonne
time: 0.001 ms millisecond; 1 sec secs second.; 60 min mins minute.; 3600 h hr hrs hour.; 86400 day.; 604800 week.; 86400 night.
months: 1 month.; 12 year. yr yrs
volume: 0.001 ml millilitre milliliter; 0.01 cl; 1 l litre liter; 3.785411784 gallon.
data: 1 byte.; 1000 kb kilobyte; 1e6 mb megabyte; 1e9 gb gigabyte; 1e12 tb terabyte; 1024 kib; 1048576 mib; 1073741824 gib
speed: 1 kmh kph; 1.609344 mph
energy: 1 kcal calorie. calories.; 0.239005736 kj kilojoule
`;

/** Units that are only themselves: `name alias …`. */
const ALONE = `
usd dollar buck $; eur euro €; gbp sterling quid £; jpy yen ¥; chf franc; inr rupee; sek; nok; dkk; cad; aud; cny yuan; brl; mxn peso; pln zloty; cent
percent % pct; pixel px; tablespoon tbsp; teaspoon tsp; cup.; point.; times. time.; degree. degrees.; pound.; star.; rep.; set.; m.; k.
`;

const units = new Map<string, Unit>();

function define(
  name: string,
  aliases: readonly string[],
  more: Omit<Unit, 'name' | 'tellsAlone'>,
): void {
  for (const alias of aliases) {
    const tellsAlone = !alias.endsWith('.');
    const word = tellsAlone ? alias : alias.slice(0, -1);
    const unit = { name, tellsAlone, ...more };
    units.set(word, unit);
    if (word.length > 2 && !word.endsWith('s')) units.set(`${word}s`, unit);
  }
}

for (const line of TABLE.trim().split('\n')) {
  const [dimension = '', rest = ''] = line.split(': ');
  for (const part of rest.split('; ')) {
    const [factor, ...names] = part.split(' ');
    define((names[0] ?? '').replace('.', ''), names, {
      dimension,
      factor: Number(factor),
      offset: 0,
    });
  }
}
for (const part of ALONE.trim().split(/; |\n/)) {
  const names = part.split(' ');
  const name = (names[0] ?? '').replace('.', '');
  define(name, names, { dimension: name, factor: 1, offset: 0 });
}
define('°c', ['°c', 'celsius', 'centigrade', 'degc'], {
  dimension: 'temperature',
  factor: 1,
  offset: 0,
});
define('°f', ['°f', 'fahrenheit', 'degf'], {
  dimension: 'temperature',
  factor: 5 / 9,
  offset: -160 / 9,
});

/** The unit of a name in lower case, singular or plural. */
export function unitNamed(name: string): Unit | undefined {
  return units.get(name);
}

/** A number with what it counts, where that is a unit. */
export interface Quantity {
  readonly value: number;
  readonly unit: Unit | undefined;
}

/** Units that a text leaves open: "degrees" are of either scale, "pounds" are money or mass. */
const OPEN: Readonly<Record<string, readonly string[]>> = {
  degree: ['°c', '°f'],
  pound: ['gbp', 'lb'],
};

/** People round when they convert: how far two values of different units may be apart, relatively. */
const ROUNDING = 0.005;

/** True where two quantities are certainly the same. */
export function sameQuantity(one: Quantity, other: Quantity): boolean {
  const [a, b] = [one.unit, other.unit];
  if (a === undefined || b === undefined) return a === b && one.value === other.value;
  if (a.name === b.name || isOpen(a, b) || isOpen(b, a)) return one.value === other.value;
  if (a.dimension !== b.dimension) return false;
  const [left, right] = [inBase(one.value, a), inBase(other.value, b)];
  return Math.abs(left - right) <= ROUNDING * Math.max(Math.abs(left), Math.abs(right));
}

function isOpen(open: Unit, other: Unit): boolean {
  return OPEN[open.name]?.includes(other.name) === true;
}

function inBase(value: number, { factor, offset }: Unit): number {
  return value * factor + offset;
}
