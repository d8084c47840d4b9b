/**
 * How often the template index errs, each way, on labelled pairs of system prompts.
 *
 *     node bench/templates.ts [--json] [--errors]
 */
import { parseArgs } from 'node:util';
import { isHeldOut, labelledPairs, type LabelledPair } from './templates/pairs.ts';
import { TemplateIndex } from '../src/stages/identify/template-index.ts';
import { wilson } from './templates/wilson.ts';

/** True when a fresh index gives both prompts of a pair one template. */
export function isOneTemplate({ a, b }: LabelledPair): boolean {
  const index = new TemplateIndex();
  const idOf = (content: string): string =>
    index.identify(
      {
        messages: [
          { role: 'system', content },
          { role: 'user', content: 'Hello' },
        ],
      },
      '',
    ).id;
  return idOf(a) === idOf(b);
}

function errors(pairs: readonly LabelledPair[], same: boolean) {
  const ofLabel = pairs.filter((pair) => pair.same === same);
  const wrong = ofLabel.filter((pair) => isOneTemplate(pair) !== same);
  const [low, high] = wilson(wrong.length, ofLabel.length);
  return { pairs: ofLabel.length, wrong: wrong.length, low, high, which: wrong };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, errors: { type: 'boolean' } },
  });
  const pairs = labelledPairs();
  const rows = [false, true].flatMap((heldOut) => {
    const half = pairs.filter((pair) => isHeldOut(pair.family) === heldOut);
    return [true, false].map((same) => ({
      half: heldOut ? 'held out' : 'fitted on',
      error: same ? 'one template split in two' : 'two templates merged',
      ...errors(half, same),
    }));
  });
  if (values.json)
    console.log(
      JSON.stringify(
        rows.map(({ which, ...row }) => ({ ...row, families: which.map(({ family }) => family) })),
      ),
    );
  else {
    console.log(
      '| half | error | pairs | wrong | 95 % interval |\n| --- | --- | ---: | ---: | --- |',
    );
    for (const { half, error, pairs: count, wrong, low, high } of rows) {
      console.log(
        `| ${half} | ${error} | ${count} | ${wrong} | ${(100 * low).toFixed(1)} % to ${(100 * high).toFixed(1)} % |`,
      );
    }
  }
  if (values.errors) {
    // Only the half that may be looked at.
    for (const { which, half, error } of rows) {
      if (half === 'fitted on')
        for (const pair of which)
          console.log(`\n${error}: ${pair.family}\n  ${pair.a}\n  ${pair.b}`);
    }
  }
}
