/**
 * `farthing serve`: the gateway.
 *
 * @module
 */
import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { parseAddress } from '../config/units.ts';
import { FarthingError } from '../errors.ts';
import { createGateway } from '../gateway.ts';
import { loadConfigOrSandbox, type Prepared } from '../sandbox/load.ts';
import { startServer } from '../server/server.ts';
import { startTelemetry } from '../telemetry/start.ts';

interface Options {
  readonly config?: string;
  readonly listen?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** The command. Returns when the server has stopped. */
export function serveCommand(): Command {
  return new Command('farthing serve')
    .description('Start the gateway. Without any provider key it serves simulated models.')
    .option(
      '-c, --config <file>',
      'configuration file (default: farthing.yaml, where there is one)',
    )
    .option('-l, --listen <address>', 'address and port, instead of the configured ones')
    .option('-d, --data <file>', "the ledger's file, instead of the configured one")
    .option('--json', 'print the address as one JSON document')
    .action(serve);
}

async function serve(options: Options): Promise<void> {
  const loaded = await loadConfigOrSandbox(options.config);
  try {
    await run({ ...loaded, config: override(loaded.config, options) }, options.json === true);
  } finally {
    await loaded.close();
  }
}

async function run(prepared: Prepared, json: boolean): Promise<void> {
  const { config, path, warnings } = prepared;
  refuseOpenness(config);
  const telemetry = await startTelemetry(process.env);
  const gateway = createGateway(config);
  if (telemetry !== undefined) gateway.onSettled(telemetry.sink);
  try {
    const server = await startServer(gateway).catch((cause: unknown) => {
      throw cannotListen(config, cause);
    });
    for (const warning of warnings) {
      process.stderr.write(`warning: ${warning}\n`);
    }
    // Before the address is told: whoever waits for it may stop the gateway at once.
    const stopped = untilStopped();
    const { sandbox, data } = config;
    process.stdout.write(
      json
        ? `${JSON.stringify({ url: server.url, sandbox, config: path ?? null, data })}\n`
        : banner(server.url, prepared),
    );
    await stopped;
    await server.close();
  } finally {
    await gateway.close();
    await telemetry?.close();
  }
}

/**
 * Whoever reaches an open gateway spends the money of its keys: without `keys:` it is for this machine
 * alone. Throws `invalid_config` where it would listen elsewhere.
 */
function refuseOpenness({ listen, sandbox, spending }: Config): void {
  const loopback = /^(?:127\.|localhost$|::1$)/.test(listen.host);
  if (loopback || sandbox || spending.keys !== undefined) return;
  throw new FarthingError(
    'invalid_config',
    `Listening on ${listen.host} without keys would let anybody who reaches this port spend the money of ` +
      'your provider keys. Set "keys: required" and make keys with `farthing keys create`, or ' +
      '"keys: none" where something else in front of the gateway tells who may call.',
  );
}

function override(config: Config, { listen, data }: Options): Config {
  const address = listen === undefined ? config.listen : parseAddress(listen);
  if (address === undefined) {
    throw new FarthingError('invalid_value', `"${listen}" is no address such as 127.0.0.1:4960.`);
  }
  return {
    ...config,
    listen: address,
    ...(data === undefined ? {} : { data }),
  };
}

function cannotListen({ listen }: Config, cause: unknown): FarthingError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  const why = code === 'EADDRINUSE' ? 'the port is taken' : code;
  return new FarthingError(
    'invalid_config',
    `Cannot listen on ${listen.host}:${listen.port}: ${why}. Choose another with --listen or "listen:".`,
    { cause },
  );
}

function banner(url: string, { config, path }: Prepared): string {
  const models = config.sandbox
    ? 'SANDBOX: no provider key was found, so the models are simulated and the money is not real.'
    : `Configuration: ${path ?? 'provider keys of the environment'}`;
  return [
    `Farthing listens on ${url}`,
    models,
    `Ledger: ${config.data}`,
    '',
    'Point a client here:',
    `  export OPENAI_BASE_URL=${url}/v1`,
    'Then see what was saved:',
    '  npx farthing report',
    '',
  ].join('\n');
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    let stopping = false;
    const stop = (): void => {
      // oxlint-disable-next-line unicorn/no-process-exit -- the second signal means now
      if (stopping) process.exit(1);
      stopping = true;
      process.stderr.write('Stopping: waiting for calls in flight.\n');
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}
