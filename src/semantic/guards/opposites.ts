/**
 * Words that are each other's opposite: by a table of our own, and by how English makes opposites.
 *
 * @module
 */
import { stem } from './stems.ts';

/** One opposition a line: what stands left of the stroke against what stands right of it. */
const TABLE = `
open|close shut; start begin launch|stop end finish quit halt terminate; activate unfreeze unblock unlock|block freeze lock suspend
add insert include attach|remove delete drop exclude detach; create make|delete destroy; buy purchase|sell
accept approve allow permit grant enable|reject decline refuse deny forbid ban revoke disable
increase raise boost grow gain speed|decrease reduce lower lose drop shrink slow cut; accelerate|decelerate slow
high higher highest|low lower lowest; max maximum largest biggest|min minimum smallest least
large big larger bigger biggest largest|small little smaller smallest tiny; long longer longest|short shorter shortest
early earlier earliest|late later latest; first|last; new newest|old used oldest; fast faster fastest quick|slow slower slowest
cheap cheapest cheaper affordable|expensive dear costly premium; hot warm heat hotter warmer|cold cool colder cooler
light lighter|dark darker heavy heavier; full|empty; crowded busy|empty quiet; hard difficult|easy simple soft; strong stronger|weak weaker
strengthen|weaken; good best better|bad worst worse; safe safest|dangerous unsafe risky dangerou; healthy|unhealthy harmful
arrive arrival land|depart departure leave; enter entrance|exit leave; push upload send|pull download receive; send ship|receive get
lend|borrow; deposit|withdraw; credit|debit; win|lose; find found|lose lost miss; remember|forget; hide hidden|show reveal display
public|private; local|remote; online|offline; internal|external; domestic|international; manual|automatic; single|double
single|joint shared; indoor|outdoor; inside|outside; upstairs|downstairs; left|right; north|south; east|west; top|bottom; front|back rear
above over|below under beneath; before|after; inbound|outbound; male man boy son husband father brother|female woman girl daughter wife mother sister
asc ascending|desc descending; encode|decode; compress|decompress extract; mount|unmount; expand|collapse; attach|detach; connect|disconnect
succeed success work pass|fail failure crash break; true|false; yes|no; always|never; all|none; everything|nothing; everyone|nobody
wake|sleep asleep; warm|cool; inhale|exhale; diarrhoea diarrhea|constipation; acute|chronic; import|export; employer|employee; buyer customer|seller vendor
present|absent; alive|dead; positive|negative; plus|minus; import|export; up|down; on|off; in|out; with|without; earn|spend; save|spend
more|less fewer; most|least; rise|fall; child adult|; adult grown|child kid; fixed|variable floating; temporary|permanent; optional|mandatory required compulsory
clockwise|anticlockwise counterclockwise; parent|child; upper|lower; begin|end; sunrise|sunset; uphill|downhill; raw|cooked; wet|dry; sweet|sour; legal|illegal
register join|leave quit; hire|fire; lead|follow; ask|answer; sync|async; read|write; encrypt|decrypt; lock|unlock; mute|unmute; pause|resume; zoom|shrink; allow|block
vegan vegetarian|meat; gross|net; front|back; debtor|creditor; lessor|lessee; sender|recipient receiver; source|target destination
`;

const opposites = new Map<string, Set<string>>();

function oppose(one: string, other: string): void {
  let of = opposites.get(one);
  if (of === undefined) opposites.set(one, (of = new Set()));
  of.add(other);
}

for (const line of TABLE.split(/[;\n]/)) {
  const [left = '', right = ''] = line.split('|');
  for (const one of words(left)) {
    for (const other of words(right)) {
      oppose(stem(one), stem(other));
      oppose(stem(other), stem(one));
    }
  }
}

function words(side: string): string[] {
  return side.split(' ').filter((word) => word !== '');
}

/** Prefixes that turn a word into its opposite: healthy and unhealthy. */
const NEGATING = ['un', 'dis', 'de', 'in', 'im', 'ir', 'il', 'non', 'mis', 'anti', 'a'];

/** Prefixes of which each pair makes two opposites of one root: upload and download. */
const PAIRED: readonly (readonly [string, string])[] = [
  ['en', 'de'],
  ['en', 'dis'],
  ['in', 'de'],
  ['in', 'ex'],
  ['im', 'ex'],
  ['in', 'out'],
  ['up', 'down'],
  ['over', 'under'],
  ['hyper', 'hypo'],
  ['pre', 'post'],
  ['as', 'des'],
  ['pro', 'anti'],
  ['maxi', 'mini'],
];

/** Letters that the common root of two opposites must have. */
const LEAST_ROOT = 4;

/** True for two stems of opposite meaning. */
export function areOpposite(one: string, other: string): boolean {
  if (opposites.get(one)?.has(other) === true) return true;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  if (short.length >= LEAST_ROOT && long.endsWith(short)) {
    if (NEGATING.includes(long.slice(0, long.length - short.length))) return true;
  }
  return PAIRED.some(([a, b]) => pairUp(one, other, [a, b]) || pairUp(other, one, [a, b]));
}

function pairUp(one: string, other: string, [a, b]: readonly [string, string]): boolean {
  if (!one.startsWith(a) || !other.startsWith(b)) return false;
  const root = one.slice(a.length);
  return root.length >= LEAST_ROOT - 1 && root === other.slice(b.length);
}
