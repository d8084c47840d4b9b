/**
 * How much a cache by likeness saves, and how often it is wrong, on banking77 (a wrong hit is another intent)
 * and on the traps. Thresholds are fitted on one part and reported on the other.
 *
 *     npm run bench:cache [-- FILE] [--packages FOLDER] [--json]
 *
 * FILE is banking77's `text,category`, ../shared/data/traffic/banking77.csv where none is named. The offline embedder is measured where
 * its packages are: here, or in FOLDER. Takes some five minutes.
 */
import { parseArgs } from 'node:util';
import { clopperPearsonUpper } from '../src/semantic/bounds.ts';
import { normalised } from '../src/semantic/embedder.ts';
import { loadEnergeticEmbedder } from '../src/semantic/energetic-embedder.ts';
import { loadGuards, type NamedGuard } from '../src/semantic/guards/guards.ts';
import { hashedVector } from '../src/semantic/hashed-embedder.ts';
import { callOf, taskOf } from '../src/testing/stage-fixtures.ts';
import { BANKING, bankingQuestions, type Labelled } from './cache/banking.ts';
import { nearestEarlier } from './cache/nearest.ts';
import { importFrom } from './cache/packages.ts';
import { generator, shuffled } from './cache/random.ts';
import { ASSUMED, normalise, replay, type Replayed } from './cache/replay.ts';
import {
  boundedThreshold,
  serve,
  serveLearning,
  type Stream,
  tunedThreshold,
} from './cache/stream.ts';
import { type ScoredPair, servedPairs, trapThreshold } from './cache/trap-rates.ts';
import { trapPairs } from './cache/traps.ts';
import { wilson } from './templates/wilson.ts';

const LIMITS = [0.01, 0.05];
/** What peers take without measuring, and a strict one. */
const FIXED = [0.8, 0.9, 0.95];

type Embed = (text: string) => Promise<Float32Array | undefined>;

interface Row {
  readonly set: string;
  readonly embedder: string;
  readonly how: string;
  readonly threshold: number | 'as learned' | undefined;
  readonly hits: number;
  readonly asked: number;
  readonly hitRate: readonly [low: number, high: number];
  readonly wrong: number;
  readonly wrongUpper: number;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { packages: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const file = positionals[0] ?? BANKING;
  const questions = bankingQuestions(file);
  if (questions === undefined) {
    console.error(`bench:cache needs the questions of banking77: there is no ${file}.`);
    process.exitCode = 1;
    return;
  }
  const guards = await loadGuards();
  const rows: Row[] = [];
  const replays: Record<string, Replayed> = {};
  for (const [name, embed] of await embedders(values.packages)) {
    console.error(`${name}: embedding ${questions.length} questions …`);
    const vectors = await embedAll(questions, embed);
    rows.push(...bankingRows(name, { questions, vectors, guards }));
    rows.push(...trapRows(name, { pairs: await scored(embed), guards }));
    for (const maxWrong of LIMITS) {
      replays[`${name}, ${percent(maxWrong)}`] = replay({
        questions,
        vectorOf: (text) => vectors.get(normalise(text)),
        guards,
        maxWrong,
      });
    }
  }
  replays['no embedder'] = replay({ questions, vectorOf: () => undefined, guards, maxWrong: 0.01 });
  if (values.json) console.log(JSON.stringify({ rows, assumed: ASSUMED, replays }, undefined, 2));
  else print(rows, replays);
}

async function embedders(folder: string | undefined): Promise<Map<string, Embed>> {
  const found = new Map<string, Embed>([['hashed', async (text) => hashedVector(text)]]);
  try {
    const energetic = await loadEnergeticEmbedder(importFrom(folder));
    const call = callOf(taskOf([]));
    found.set('energetic', async (text) => energetic.embed(text, call));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
  }
  return found;
}

/** By normalised text: reformatted questions share a vector. */
async function embedAll(
  questions: readonly Labelled[],
  embed: Embed,
): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for (const { text } of questions) {
    const normal = normalise(text);
    if (vectors.has(normal)) continue;
    const vector = (await embed(normal)) ?? normalised([1]);
    if (vector !== undefined) vectors.set(normal, vector);
  }
  return vectors;
}

interface Banking {
  readonly questions: readonly Labelled[];
  readonly vectors: ReadonlyMap<string, Float32Array>;
  readonly guards: readonly NamedGuard[];
}

function bankingRows(embedder: string, { questions, vectors, guards }: Banking): Row[] {
  const order = shuffled(questions, generator(77));
  const inOrder = order.map(({ text }) => vectors.get(normalise(text)) ?? new Float32Array());
  const stream: Stream = {
    questions: order,
    earlier: nearestEarlier(inOrder),
    split: Math.floor(order.length / 2),
    guards,
  };
  const unguarded = { ...stream, guards: [] };
  const row = (how: string, threshold: number | undefined, of: Stream): Row => {
    const { hits, wrong, asked } = serve(of, threshold);
    return rowOf({ set: 'banking77', embedder, how, threshold }, { hits, wrong, asked });
  };
  return [
    ...FIXED.map((threshold) => row('fixed, no guards', threshold, unguarded)),
    ...FIXED.map((threshold) => row('fixed, guards', threshold, stream)),
    ...LIMITS.flatMap((limit) => [
      row(`share ≤ ${percent(limit)} when fitted, guards`, tunedThreshold(stream, limit), stream),
      row(`bound ≤ ${percent(limit)}, no guards`, boundedThreshold(unguarded, limit), unguarded),
      row(`bound ≤ ${percent(limit)}, guards`, boundedThreshold(stream, limit), stream),
      rowOf(
        { set: 'banking77', embedder, how: `the same, learning on`, threshold: 'as learned' },
        serveLearning(stream, limit),
      ),
    ]),
  ];
}

async function scored(embed: Embed): Promise<ScoredPair[]> {
  const pairs: ScoredPair[] = [];
  for (const pair of trapPairs()) {
    const [one, other] = [await embed(pair.asked), await embed(pair.kept)];
    const similarity = one?.reduce((sum, value, at) => sum + value * (other?.[at] ?? 0), 0) ?? 0;
    pairs.push({ ...pair, similarity });
  }
  return pairs;
}

function trapRows(
  embedder: string,
  {
    pairs,
    guards,
  }: { readonly pairs: readonly ScoredPair[]; readonly guards: readonly NamedGuard[] },
): Row[] {
  const tuned = pairs.filter(({ heldOut }) => !heldOut);
  const held = pairs.filter(({ heldOut }) => heldOut);
  const row = (how: string, threshold: number | undefined, by: readonly NamedGuard[]): Row => {
    const served = servedPairs(held, threshold ?? Number.POSITIVE_INFINITY, by);
    return rowOf(
      { set: 'traps', embedder, how, threshold },
      { hits: served.paraphrases, asked: served.ofParaphrases, wrong: served.traps },
    );
  };
  return [
    ...FIXED.flatMap((threshold) => [
      row('fixed, no guards', threshold, []),
      row('fixed, guards', threshold, guards),
    ]),
    ...LIMITS.flatMap((limit) => [
      row(
        `traps ≤ ${percent(limit)} of hits when fitted, no guards`,
        trapThreshold(tuned, limit, []),
        [],
      ),
      row(
        `traps ≤ ${percent(limit)} of hits when fitted, guards`,
        trapThreshold(tuned, limit, guards),
        guards,
      ),
    ]),
  ];
}

function rowOf(
  named: Pick<Row, 'set' | 'embedder' | 'how' | 'threshold'>,
  { hits, wrong, asked }: { hits: number; wrong: number; asked: number },
): Row {
  // On the traps, hits are paraphrases only; on banking77, all that was served.
  const served = named.set === 'traps' ? hits + wrong : hits;
  return {
    ...named,
    hits,
    asked,
    hitRate: wilson(hits, asked),
    wrong,
    wrongUpper: served === 0 ? 0 : clopperPearsonUpper(wrong, served),
  };
}

function print(rows: readonly Row[], replays: Readonly<Record<string, Replayed>>): void {
  for (const set of new Set(rows.map((row) => row.set))) {
    console.log(`\n${set}, the part that was not fitted on\n`);
    console.log(
      '| embedder | threshold chosen | threshold | hits | hit rate, 95 % | wrong | of hits | upper 95 % |',
    );
    console.log('| --- | --- | ---: | ---: | --- | ---: | ---: | ---: |');
    for (const { embedder, how, threshold, hits, asked, hitRate, wrong, wrongUpper } of rows.filter(
      (row) => row.set === set,
    )) {
      const served = set === 'traps' ? hits + wrong : hits;
      const [low, high] = hitRate;
      console.log(
        `| ${embedder} | ${how} | ${threshold ?? 'none'} | ${hits} of ${asked} | ${percent(hits / asked)} (${percent(low)} to ${percent(high)}) | ${wrong} | ${served === 0 ? '–' : percent(wrong / served)} | ${served === 0 ? '–' : percent(wrongUpper)} |`,
      );
    }
  }
  console.log(`\nreplay; assumed: ${JSON.stringify(ASSUMED)}\n`);
  console.log(
    '| semantic | calls | exact | normalised | coalesced | semantic | model | wrong of semantic | verifying | tenants served |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, { calls, by, wrong, verifying, serving }] of Object.entries(replays)) {
    const share = (count: number): string => percent(count / calls);
    console.log(
      `| ${name} | ${calls} | ${share(by.exact)} | ${share(by.normalised)} | ${share(by.coalesced)} | ${share(by.semantic)} | ${share(by.model)} | ${wrong} of ${by.semantic} | ${verifying} | ${serving} |`,
    );
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
}

await main();
