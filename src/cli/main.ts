/**
 * Which command does what. A command's file is loaded only when it is asked for, so that the server
 * starts fast.
 *
 * @module
 */
import { type Command, CommanderError } from 'commander';
import { isFarthingError } from '../errors.ts';
import { VERSION } from '../version.ts';

/** Exit codes of every command. */
const FAILED = 1;
const WRONG_USE = 2;

interface Listed {
  readonly does: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Listed>> = {
  serve: {
    does: 'start the gateway (the default)',
    load: async () => (await import('./serve.ts')).serveCommand(),
  },
  report: {
    does: 'what was paid, for what, and what was saved',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  quote: {
    does: 'what a request would cost, without asking anybody',
    load: async () => (await import('./quote.ts')).quoteCommand(),
  },
  prices: {
    does: 'what models cost, and where that is known from',
    load: async () => (await import('./prices.ts')).pricesCommand(),
  },
  keys: {
    does: 'create, list, revoke and rotate the keys of callers',
    load: async () => (await import('./keys.ts')).keysCommand(),
  },
  cache: {
    does: 'answers that are kept: how many, what they saved, purging them',
    load: async () => (await import('./cache.ts')).cacheCommand(),
  },
  reconcile: {
    does: "the ledger beside the provider's own figures",
    load: async () => (await import('./reconcile.ts')).reconcileCommand(),
  },
  export: {
    does: 'the calls of the ledger as CSV, JSON Lines or FOCUS',
    load: async () => (await import('./export.ts')).exportCommand(),
  },
  config: {
    does: 'check the configuration, explain what it does with a request',
    load: async () => (await import('./config.ts')).configCommand(),
  },
  recorded: {
    does: 'serve recorded answers as an OpenAI-compatible upstream',
    load: async () => (await import('./recorded.ts')).recordedCommand(),
  },
};

/** Runs a command line without the leading `node farthing`. Resolves to the exit code; never throws. */
export async function main(words: readonly string[]): Promise<number> {
  const [first = 'serve', ...rest] = words;
  if (first === '--version' || first === '-V') return say(VERSION);
  if (first === '--help' || first === '-h' || first === 'help') return say(overview());
  const listed = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  if (listed !== undefined) return run(listed, rest);
  // Options without a command belong to `serve`.
  const serve = COMMANDS['serve'];
  if (first.startsWith('-') && serve !== undefined) return run(serve, words);
  process.stderr.write(`farthing has no command "${first}".\n\n${overview()}\n`);
  return WRONG_USE;
}

async function run(listed: Listed, words: readonly string[]): Promise<number> {
  try {
    const command = await listed.load();
    exitByThrowing(command);
    await command.parseAsync([...words], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : WRONG_USE;
    process.stderr.write(`${describe(thrown)}\n`);
    return FAILED;
  }
}

function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const below of command.commands) exitByThrowing(below);
}

function describe(thrown: unknown): string {
  if (isFarthingError(thrown)) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

function overview(): string {
  const names = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`);
  return [
    'Usage: farthing [command] [options]',
    '',
    'An LLM gateway that cuts the bill and proves it.',
    '',
    'Commands:',
    ...names,
    '',
    'farthing COMMAND --help tells more.',
  ].join('\n');
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
