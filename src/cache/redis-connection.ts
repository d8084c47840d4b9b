/**
 * One connection to Redis that never holds anybody up. `@redis/client` (Redis' own, without dependencies
 * of its own) is an optional peer: it is loaded here and nowhere else.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { FarthingError } from '../errors.ts';

const PACKAGE = '@redis/client';

/** What can be set. */
export interface RedisOptions {
  /** `redis://` or `rediss://`, may hold a password: never shown. */
  readonly url: string;
  /** How long anything may take, in ms. */
  readonly timeoutMs: number;
  /** Told when Redis stops answering, once until it answers again. @default a line on standard error */
  readonly onTrouble?: (message: string) => void;
}

/** A reply: of bulk strings as bytes. */
export type RedisReply =
  | Buffer
  | string
  | number
  | bigint
  | null
  | readonly RedisReply[]
  | ReadonlyMap<unknown, unknown>
  | object;

type Argument = string | Buffer;

/** The part of a client that is used. */
interface Client {
  readonly isReady: boolean;
  sendCommand(words: readonly Argument[]): Promise<RedisReply>;
  destroy(): void;
}

/** Time-outs in a row after which Redis is left alone, and for how long in ms. */
const MOST_TIMEOUTS = 3;
const PAUSE_MS = 1000;
/** Longest pause between two attempts to connect, in ms. */
const LONGEST_WAIT_MS = 2000;
/** How long a command for people may take, in ms. */
const PATIENT_MS = 5000;

/** The connection. It is made in the background, and made again when it is lost. */
export class RedisConnection {
  readonly #options: RedisOptions;
  readonly #connecting: Promise<void>;
  #client: Client | undefined;
  #closed = false;
  #timeouts = 0;
  #pausedUntil = 0;
  #troubled = false;

  /** Throws `invalid_config` where the package is missing. */
  constructor(options: RedisOptions) {
    this.#options = options;
    requirePackage();
    this.#connecting = this.#connect();
    // Whoever waits for it is told; nobody else needs to be.
    this.#connecting.catch((error: unknown) => this.#trouble(String(error)));
  }

  /** Puts a command. Rejects when Redis does not answer in time, is not there, or says no. */
  async ask(...words: readonly Argument[]): Promise<RedisReply> {
    const client = this.#client;
    if (client?.isReady !== true || performance.now() < this.#pausedUntil) throw notThere();
    return this.#inTime(client.sendCommand(words), this.#options.timeoutMs);
  }

  /** As {@link ask}, for people: waits for the connection, and longer for the answer. */
  async askPatiently(...words: readonly Argument[]): Promise<RedisReply> {
    await this.#inTime(this.#connecting, PATIENT_MS);
    const client = this.#client;
    if (client === undefined) throw notThere();
    return this.#inTime(client.sendCommand(words), PATIENT_MS);
  }

  /** Resolves when it is connected. Never, while Redis is not there. */
  async ready(): Promise<void> {
    await this.#connecting;
  }

  close(): void {
    this.#closed = true;
    this.#client?.destroy();
  }

  async #connect(): Promise<void> {
    const { createClient, RESP_TYPES } = await import('@redis/client');
    if (this.#closed) return;
    const { url, timeoutMs } = this.#options;
    const client = createClient({
      url,
      // What is asked while Redis is away fails at once instead of waiting for it.
      disableOfflineQueue: true,
      socket: {
        connectTimeout: Math.max(timeoutMs, 1000),
        reconnectStrategy: (tries) => Math.min(50 * 2 ** Math.min(tries, 10), LONGEST_WAIT_MS),
      },
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    });
    client.on('error', (error: Error) => this.#trouble(error.message));
    this.#client = client as unknown as Client;
    await client.connect();
    if (this.#closed) client.destroy();
  }

  async #inTime<Result>(asked: Promise<Result>, ms: number): Promise<Result> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      if (++this.#timeouts >= MOST_TIMEOUTS) {
        this.#timeouts = 0;
        this.#pausedUntil = performance.now() + PAUSE_MS;
      }
      this.#trouble(`no answer in ${ms} ms`);
      reject(notThere());
    }, ms);
    try {
      const result = await Promise.race([asked, promise]);
      this.#timeouts = 0;
      this.#troubled = false;
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  #trouble(why: string): void {
    if (this.#troubled || this.#closed) return;
    this.#troubled = true;
    const message = `Redis cannot be asked (${why}); calls go on without its cache.`;
    if (this.#options.onTrouble !== undefined) this.#options.onTrouble(message);
    else process.stderr.write(`${message}\n`);
  }
}

function notThere(): Error {
  return new Error('Redis does not answer.');
}

function requirePackage(): void {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
  } catch (cause) {
    throw new FarthingError(
      'invalid_config',
      `A cache in Redis needs the package ${PACKAGE}: npm install ${PACKAGE}`,
      { cause },
    );
  }
}
