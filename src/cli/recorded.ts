/**
 * `farthing recorded`: recorded answers as an OpenAI-compatible upstream.
 *
 * @module
 */
import { Command, InvalidArgumentError } from 'commander';
import { startRecordedUpstream } from '../testing/recorded-upstream.ts';

interface Options {
  readonly port: number;
  readonly latencyMs: number;
  readonly json?: boolean;
}

/** The command. Returns when it is stopped by a signal. */
export function recordedCommand(): Command {
  return new Command('farthing recorded')
    .description(
      'Serve recorded answers as an OpenAI-compatible upstream: the model by name, the answer by the messages.',
    )
    .argument('<file...>', 'files of one JSON object a line, plain or .gz: see docs/recorded.md')
    .option('-p, --port <port>', 'port on 127.0.0.1; 0 takes any', count, 4961)
    .option('--latency-ms <ms>', 'wait before each answer', count, 0)
    .option('--json', 'print the address as one JSON document')
    .action(serve);
}

function count(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number.');
}

async function serve(files: readonly string[], { port, latencyMs, json }: Options): Promise<void> {
  const upstream = await startRecordedUpstream({
    files,
    port,
    latencyMs,
  });
  const { url, models, items, duplicates } = upstream;
  process.stdout.write(
    json === true
      ? `${JSON.stringify({ url, models, items, duplicates })}\n`
      : `Recorded answers of ${models.length} models to ${items} prompts on ${url}\n  ${models.join(', ')}\n` +
          (duplicates === 0
            ? ''
            : `${duplicates} prompts stand in the files more than once; the first counts.\n`),
  );
  await new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  await upstream.close();
}
