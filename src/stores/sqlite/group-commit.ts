/**
 * Group commit: what is to be written shares a transaction with whatever comes in the same turn of the event
 * loop, and in the turns after it as long as each brings more.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Charge } from '../account-store.ts';
import type { CallRecord } from '../ledger-store.ts';

/** One thing to be written: a call's rows, what it is charged to, or both. */
export interface Work {
  readonly record?: CallRecord;
  readonly charges: readonly Charge[];
}

/** Writes works. */
export interface Writer {
  /** Inside a transaction that is open. */
  write(works: readonly Work[]): void;
  /** Told when that transaction was rolled back. */
  undone(): void;
}

/** What can be set. */
export interface GroupCommitOptions {
  /** Told when something could not be written; it is tried again. @default a line on standard error, at most one a minute */
  readonly onError?: (error: Error, waiting: number) => void;
}

/** Works of one transaction: more would hold up the calls in flight. */
const MOST_AT_ONCE = 256;
/** Works kept while the disk is full or the file locked; the oldest are dropped beyond. */
const MOST_WAITING = 100_000;
const RETRY_MS = 1_000;
/** How long a group is gathered at most while each turn of the event loop brings more, in ms. */
const GATHERED_MS = 4;
/** A transaction that took this long to begin waited for another process. */
const CONTENDED_MS = 0.5;
/** How long works are gathered while processes contend for the file: waiting for a lock stops everything. */
const CONTENDED_PAUSE_MS = 5;

/** Works that wait, and those who wait for them. */
interface Group {
  readonly written: Promise<void>;
  readonly tell: () => void;
}

/** Gathers works and writes them together. */
export class GroupCommit {
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #database: DatabaseSync;
  readonly #writer: Writer;
  readonly #options: GroupCommitOptions;
  #waiting: Work[] = [];
  #group: Group | undefined;
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;
  #failing = false;
  #isContended = false;
  #complainedAt = 0;

  constructor(database: DatabaseSync, writer: Writer, options: GroupCommitOptions) {
    this.#database = database;
    this.#writer = writer;
    this.#options = options;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  /**
   * Resolves when the work is written, or when it turned out that it cannot be written now: it is then
   * kept and tried again. Never rejects.
   */
  add(work: Work): Promise<void> {
    this.#waiting.push(work);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    if (this.#failing) return Promise.resolve();
    this.#group ??= newGroup();
    if (this.#soon === undefined && this.#later === undefined) this.#schedule();
    return this.#group.written;
  }

  #schedule(): void {
    if (this.#isContended) {
      this.#later = setTimeout(() => this.#run(), CONTENDED_PAUSE_MS);
      return;
    }
    const { length } = this.#waiting;
    const until = performance.now() + GATHERED_MS;
    this.#soon = setImmediate(() => this.#gather(length, until));
  }

  /** Writes as soon as a turn brings nothing more: who waits is not held up for nobody. */
  #gather(before: number, until: number): void {
    const { length } = this.#waiting;
    if (length > before && length < MOST_AT_ONCE && performance.now() < until) {
      this.#soon = setImmediate(() => this.#gather(length, until));
    } else this.#run();
  }

  /** Writes everything that waits. Throws where that is not possible now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#writeSome();
    // What comes next must not wait for a retry of what is written now.
    this.stop();
    this.#failing = false;
    this.#tell();
  }

  /** Writes no more by itself. */
  stop(): void {
    clearTimeout(this.#later);
    clearImmediate(this.#soon);
    this.#soon = this.#later = undefined;
  }

  /** Runs `read` in a transaction of its own that no other process can come between. Throws what it throws. */
  exclusively<Result>(read: () => Result): Result {
    this.#begin.run();
    try {
      const result = read();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #run(): void {
    this.#soon = this.#later = undefined;
    try {
      this.#writeSome();
      this.#failing = false;
      if (this.#waiting.length > 0) this.#soon = setImmediate(() => this.#run());
      else this.#tell();
    } catch (error) {
      this.#failing = true;
      this.#complain(error as Error);
      this.#later = setTimeout(() => this.#run(), RETRY_MS);
      this.#tell();
    }
  }

  /** Writes the oldest works in one transaction, or throws and keeps them all. */
  #writeSome(): void {
    const works = this.#waiting.slice(0, MOST_AT_ONCE);
    if (works.length === 0) return;
    const before = performance.now();
    let isBegun = false;
    try {
      this.exclusively(() => {
        isBegun = true;
        this.#isContended = performance.now() - before > CONTENDED_MS;
        this.#writer.write(works);
      });
    } catch (error) {
      if (isBegun) this.#writer.undone();
      throw error;
    }
    this.#waiting = this.#waiting.slice(works.length);
  }

  #tell(): void {
    this.#group?.tell();
    this.#group = undefined;
  }

  #complain(error: Error): void {
    if (this.#options.onError !== undefined) {
      this.#options.onError(error, this.#waiting.length);
      return;
    }
    const now = Date.now();
    if (now - this.#complainedAt < 60_000) return;
    this.#complainedAt = now;
    process.stderr.write(
      `The ledger cannot be written (${error.message}); ${this.#waiting.length} calls wait in memory.\n`,
    );
  }
}

function newGroup(): Group {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { written: promise, tell: resolve };
}
