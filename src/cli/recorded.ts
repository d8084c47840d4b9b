/**
 * `farthing recorded`: recorded answers as an OpenAI-compatible upstream.
 *
 * @module
 */
import { Command, InvalidArgumentError } from 'commander';
import { type RecordedUpstream, startRecordedUpstream } from '../testing/recorded-upstream.ts';

interface Options {
  readonly port: number;
  readonly latencyMs: number;
  readonly json?: boolean;
}

/** Reading that takes longer than this is said, in ms. */
const PATIENCE_MS = 1000;

/** The command. Returns when it is stopped by SIGINT or SIGTERM. */
export function recordedCommand(): Command {
  return new Command('farthing recorded')
    .description(
      'Serve recorded answers as an OpenAI-compatible upstream: the model by name, the answer by the messages.',
    )
    .argument('<file...>', 'files of one JSON object a line, plain or .gz: see docs/recorded.md')
    .option('-p, --port <port>', 'port on 127.0.0.1; 0 takes any', upTo(65_535), 4961)
    .option('--latency-ms <ms>', 'wait before each answer', upTo(3_600_000), 0)
    .option('--json', 'print what is served as one JSON document')
    .action(serve);
}

function upTo(most: number): (value: string) => number {
  return (value) => {
    if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value);
    throw new InvalidArgumentError(`It must be a whole number up to ${most}.`);
  };
}

async function serve(files: readonly string[], { port, latencyMs, json }: Options): Promise<void> {
  const waiting = setTimeout(
    () => process.stderr.write(`Reading ${files.join(', ')} …\n`),
    PATIENCE_MS,
  );
  const upstream = await startRecordedUpstream({ files, port, latencyMs }).finally(() =>
    clearTimeout(waiting),
  );
  const { url, models, items, duplicates } = upstream;
  process.stdout.write(
    json === true ? `${JSON.stringify({ url, models, items, duplicates })}\n` : banner(upstream),
  );
  await new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  await upstream.close();
}

function banner({ url, models, items, duplicates }: RecordedUpstream): string {
  return [
    `Recorded answers to ${items} prompts on ${url}`,
    `Models: ${models.join(', ')}`,
    ...(duplicates === 0
      ? []
      : [`Prompts that stand in the files more than once: ${duplicates}; the first counts.`]),
    '',
    'Point Farthing at it, in farthing.yaml:',
    '  providers:',
    `    recorded: { dialect: openai, url: "${url}", key: none }`,
    'or a client, directly:',
    `  export OPENAI_BASE_URL=${url} OPENAI_API_KEY=none`,
    '',
  ].join('\n');
}
