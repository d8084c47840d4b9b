/**
 * How many traps the guards stop, how many true paraphrases they lose, and what they cost.
 *
 *     node bench/cache/guards.ts [--json] [--errors]
 */
import { parseArgs } from 'node:util';
import { loadGuards, type NamedGuard, refusal } from '../../src/semantic/guards/guards.ts';
import { wilson } from '../templates/wilson.ts';
import { type TrapPair, trapPairs } from './traps.ts';

/** A share with its 95 % Wilson interval. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** The share of pairs that the guards refuse. */
export function refused(guards: readonly NamedGuard[], pairs: readonly TrapPair[]): Share {
  const count = pairs.filter(
    ({ asked, kept }) => refusal(guards, asked, kept) !== undefined,
  ).length;
  const [low, high] = wilson(count, pairs.length);
  return { count, of: pairs.length, low, high };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, errors: { type: 'boolean' } },
  });
  const guards = await loadGuards();
  const pairs = trapPairs();
  const rows = [false, true].flatMap((heldOut) => {
    const half = pairs.filter((pair) => pair.heldOut === heldOut);
    const name = heldOut ? 'held out' : 'tuned on';
    return [
      {
        half: name,
        what: 'traps stopped',
        ...refused(
          guards,
          half.filter(({ kind }) => kind !== 'same'),
        ),
      },
      {
        half: name,
        what: 'paraphrases lost',
        ...refused(
          guards,
          half.filter(({ kind }) => kind === 'same'),
        ),
      },
    ];
  });
  if (values.json) console.log(JSON.stringify({ rows, microseconds: microseconds(guards, pairs) }));
  else {
    for (const { half, what, count, of, low, high } of rows) {
      console.log(
        `| ${half} | ${what} | ${count} of ${of} | ${percent(count / of)} | ${percent(low)} to ${percent(high)} |`,
      );
    }
    const { cold, warm } = microseconds(guards, pairs);
    console.log(
      `all guards, a pair: ${cold.toFixed(0)} µs read anew, ${warm.toFixed(0)} µs read before`,
    );
  }
  // Only of the half that may be looked at.
  if (values.errors)
    printErrors(
      guards,
      pairs.filter(({ heldOut }) => !heldOut),
    );
}

function printErrors(guards: readonly NamedGuard[], pairs: readonly TrapPair[]): void {
  for (const { kind, asked, kept } of pairs) {
    const reason = refusal(guards, asked, kept);
    if ((kind === 'same') === (reason !== undefined)) {
      console.log(`${kind}: ${asked} | ${kept}${reason === undefined ? '' : `  <- ${reason}`}`);
    }
  }
}

/** Microseconds a pair with every guard run, for texts not seen before and for texts just seen. */
function microseconds(guards: readonly NamedGuard[], pairs: readonly TrapPair[]) {
  const run = (salt: string): number => {
    const start = performance.now();
    for (const { asked, kept } of pairs) {
      for (const { guard } of guards) guard(`${asked} ${salt}`, `${kept} ${salt}`);
    }
    return ((performance.now() - start) / pairs.length) * 1000;
  };
  run('warming');
  run('up');
  return { cold: run('new'), warm: run('new') };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

if (import.meta.main) await main();
