/**
 * The main job on real answers: every recorded prompt through the official client, a listening gateway
 * and a recorded upstream, under several policies. Prints accuracy, the ledger's cost, and how often
 * each tier answered; the ledger must agree with an independent sum to the nano-dollar.
 *
 *     npm run bench:savings [-- DIRECTORY] [--json]
 *
 * DIRECTORY holds `*.jsonl.gz` in the format of `farthing recorded`, and `prices.json` (USD per 1M
 * tokens by model).
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import OpenAI from 'openai';
import { parseConfig } from '../src/config/load.ts';
import { createGateway } from '../src/gateway.ts';
import { startServer } from '../src/server/server.ts';
import {
  readRecorded,
  type RecordedItem,
  startRecordedUpstream,
} from '../src/testing/recorded-upstream.ts';
import { interval, type Interval } from './savings/bootstrap.ts';
import { type Policy, POLICIES, REFERENCE } from './savings/policies.ts';

const PARALLEL = 16;

interface Prices {
  readonly [model: string]: { readonly input: number; readonly output: number };
}

/** What happened to one prompt under one policy. */
interface Answered {
  readonly correct: boolean;
  readonly tier: number;
  /** Nano-dollars by the gateway's headers. */
  readonly cost: number;
  readonly outcome: string;
  readonly attempts: number;
}

/** One row of the table. */
interface Row {
  readonly policy: string;
  readonly set: string;
  readonly calls: number;
  readonly accuracy: number;
  /** Points of accuracy against always asking the reference, paired, with its 95 % interval. */
  readonly against: Interval;
  readonly costNano: number;
  /** Cost as a share of the reference's, with its 95 % interval. */
  readonly relative: Interval;
  readonly shares: readonly number[];
  readonly repaired: number;
  /** The ledger's total equals the independent sum. */
  readonly exact: boolean;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const directory = positionals[0] ?? join(import.meta.dirname, '../../shared/data/recorded');
  const files = existsSync(directory) ? globSync('*.jsonl.gz', { cwd: directory }).toSorted() : [];
  if (files.length === 0) {
    console.error(`bench:savings needs recorded answers: there is no *.jsonl.gz in ${directory}.`);
    process.exitCode = 1;
    return;
  }
  const prices = JSON.parse(readFileSync(join(directory, 'prices.json'), 'utf8')) as Prices;
  const rows: Row[] = [];
  for (const file of files) rows.push(...(await measureSet(join(directory, file), prices)));
  console.log(values.json ? JSON.stringify({ rows }, undefined, 2) : table(rows));
  if (rows.some(({ exact }) => !exact)) process.exitCode = 1;
}

async function measureSet(file: string, prices: Prices): Promise<Row[]> {
  const items: RecordedItem[] = [];
  for await (const item of readRecorded(file)) items.push(item);
  const upstream = await startRecordedUpstream({ files: [file], port: 0 });
  const set = items[0]?.task ?? file;
  const rows: Row[] = [];
  let reference: readonly Answered[] = [];
  try {
    for (const policy of POLICIES) {
      process.stderr.write(`${set}: ${policy.name} …\n`);
      const run = await runPolicy(policy, items, { url: upstream.url, prices });
      if (policy.name === REFERENCE) reference = run.answers;
      rows.push({ set, ...summarize(policy, run, reference) });
    }
  } finally {
    await upstream.close();
  }
  return rows;
}

interface Run {
  readonly answers: readonly Answered[];
  readonly ledgerNano: number;
  readonly independentNano: bigint;
}

async function runPolicy(
  policy: Policy,
  items: readonly RecordedItem[],
  { url, prices }: { readonly url: string; readonly prices: Prices },
): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-savings-'));
  const config = await parseConfig(configuration(policy, { url, prices, directory }));
  const gateway = createGateway(config);
  const server = await startServer(gateway);
  try {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const answers = await inParallel(items, (item) => ask(client, item));
    await gateway.stores.ledger.flush();
    return {
      answers,
      ledgerNano: gateway.stores.ledger.report({}).totals.cost_nano_usd,
      independentNano: independentSum(policy, items, { answers, prices }),
    };
  } finally {
    await server.close();
    await gateway.close();
    rmSync(directory, { recursive: true });
  }
}

function configuration(
  policy: Policy,
  { url, prices, directory }: { url: string; prices: Prices; directory: string },
): string {
  const models = Object.fromEntries(
    Object.entries(prices).map(([name, price]) => [name, { provider: 'recorded', price }]),
  );
  return JSON.stringify({
    listen: '127.0.0.1:0',
    data: join(directory, 'ledger.db'),
    reference: 'gpt-4o',
    providers: { recorded: { dialect: 'openai', url, key: 'recorded' } },
    models,
    tasks: { bench: { tiers: policy.tiers } },
  });
}

async function ask(client: OpenAI, item: RecordedItem): Promise<Answered> {
  const messages = [...item.messages] as unknown as OpenAI.ChatCompletionMessageParam[];
  const { response } = await client.chat.completions
    .create({ model: 'task/bench', messages, temperature: 0 })
    .withResponse();
  const header = (name: string): string => response.headers.get(`x-farthing-${name}`) ?? '';
  return {
    correct: item.answers[header('model')]?.correct === true,
    tier: Number(header('tier')),
    cost: Math.round(Number(header('cost-usd')) * 1e9),
    outcome: header('outcome'),
    attempts: Number(header('attempts')),
  };
}

/** What the tiers that were asked cost, from the recording alone: tokens times price in integers. */
function independentSum(
  policy: Policy,
  items: readonly RecordedItem[],
  { answers, prices }: { readonly answers: readonly Answered[]; readonly prices: Prices },
): bigint {
  let sum = 0n;
  for (const [index, item] of items.entries()) {
    const asked = policy.tiers.slice(0, answers[index]?.attempts ?? 0);
    for (const { model } of asked) {
      const answer = item.answers[model];
      const price = prices[model];
      if (answer === undefined || price === undefined) throw new Error(`${item.id} lacks ${model}`);
      const perToken = (dollars: number): bigint => BigInt(Math.round(dollars * 1e6));
      const pico =
        BigInt(answer.input_tokens) * perToken(price.input) +
        BigInt(answer.output_tokens) * perToken(price.output);
      sum += (pico + 500n) / 1000n;
    }
  }
  return sum;
}

function summarize(policy: Policy, run: Run, reference: readonly Answered[]): Omit<Row, 'set'> {
  const { answers } = run;
  const share = (tier: number): number =>
    answers.filter((answer) => answer.tier === tier + 1).length / answers.length;
  const pairs = answers.map((mine, index) => ({ mine, theirs: reference[index] ?? mine }));
  return {
    policy: policy.name,
    calls: answers.length,
    accuracy: mean(answers, ({ correct }) => Number(correct)),
    against: interval(pairs, (sample) =>
      mean(sample, ({ mine, theirs }) => 100 * (Number(mine.correct) - Number(theirs.correct))),
    ),
    costNano: run.ledgerNano,
    relative: interval(
      pairs,
      (sample) => mean(sample, ({ mine }) => mine.cost) / mean(sample, ({ theirs }) => theirs.cost),
    ),
    shares: policy.tiers.map((_, tier) => share(tier)),
    repaired: answers.filter(({ outcome }) => outcome === 'repaired').length,
    exact: BigInt(run.ledgerNano) === run.independentNano,
  };
}

function mean<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0) / items.length;
}

async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return results;
}

function table(rows: readonly Row[]): string {
  const points = ({ value, low, high }: Interval): string =>
    `${value.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
  const lines = rows.map((row) =>
    [
      row.set,
      row.policy,
      row.calls,
      row.accuracy.toFixed(3),
      points(row.against),
      `$${(row.costNano / 1e9).toFixed(6)}`,
      `${(100 * row.relative.value).toFixed(1)} % (${(100 * row.relative.low).toFixed(1)} to ${(100 * row.relative.high).toFixed(1)})`,
      row.shares.map((share) => `${(100 * share).toFixed(1)} %`).join(' / '),
      row.repaired,
      row.exact ? 'exact' : 'WRONG',
    ].join(' | '),
  );
  return [
    'set | policy | calls | accuracy | points against always gpt-4o | cost by the ledger | relative to always gpt-4o | share of each tier | repaired | ledger against independent sum',
    '--- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---',
    ...lines,
  ]
    .map((line) => `| ${line} |`)
    .join('\n');
}

await main();
