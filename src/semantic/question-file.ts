/**
 * What the cache by likeness keeps in the file of the exact cache: questions with their vectors, and what is to
 * be reviewed. Where the answers are in Redis it is the same file, without them. Several processes may open it.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { openCacheFile } from '../cache/sqlite-cache-file.ts';
import { type DecidedReview, MOST_REVIEWS, type NewReview, type Review } from './review.ts';

/** A question that is found by likeness. */
export interface KeptQuestion {
  /** Its answer's key in the exact cache. */
  readonly key: string;
  /** Who made the vector. */
  readonly embedder: string;
  readonly namespace: string;
  readonly text: string;
  /** Of length 1. */
  readonly vector: Float32Array;
}

type Row = Readonly<Record<string, SQLOutputValue>>;

/** A question to be kept until a time, in ms since the epoch, when its answer is dead. */
export type NewQuestion = KeptQuestion & { readonly deadAt: number };

/** What can be set. */
export interface QuestionFileOptions {
  /**
   * Where the answers are. `here`: a question goes with its answer. `elsewhere`: when its time is over, or
   * anything is purged. @default here
   */
  readonly answers?: 'here' | 'elsewhere';
}

/** Questions kept at most whose answers are elsewhere; the oldest go. Beside answers, their bytes are counted. */
const MOST_QUESTIONS = 100_000;

/** Longest answer that is kept for a review, in UTF-16 units. */
const LONGEST_ANSWER = 10_000;

const COLUMNS = [
  'key',
  'evidence',
  'tenant',
  'task',
  'asked',
  'kept',
  'fresh_answer',
  'kept_answer',
  'similarity',
  'served',
  'at',
] as const;

/** The file. Methods throw where it cannot be read or written now. */
export class QuestionFile {
  readonly #database: DatabaseSync;
  readonly #drop: StatementSync;
  readonly #dropBefore: StatementSync;
  readonly #put: StatementSync;
  readonly #page: StatementSync;
  readonly #review: StatementSync;
  readonly #isElsewhere: boolean;

  /** Opens or makes it; `:memory:` keeps nothing longer than the process. Throws `invalid_config`. */
  constructor(path: string, { answers = 'here' }: QuestionFileOptions = {}) {
    const database = openCacheFile(path);
    this.#database = database;
    this.#isElsewhere = answers === 'elsewhere';
    this.#drop = database.prepare('DELETE FROM questions WHERE key = ?');
    this.#dropBefore = database.prepare('DELETE FROM questions WHERE number <= ?');
    if (this.#isElsewhere) this.#dropDead();
    const columns = 'embedder, namespace, text, vector, dead_at, key';
    this.#put = database.prepare(
      this.#isElsewhere
        ? `INSERT INTO questions (${columns}) VALUES (?, ?, ?, ?, ?, ?)`
        : // The entry may have been too large to be kept, or be gone already.
          `INSERT INTO questions (${columns}) SELECT ?, ?, ?, ?, ?, key FROM entries WHERE key = ?`,
    );
    // An answer that was fetched anew lives longer than its question knows.
    const alive = this.#isElsewhere
      ? 'questions AS q'
      : 'questions AS q JOIN entries AS e USING (key)';
    this.#page = database.prepare(
      `SELECT number, key, embedder, namespace, text, vector FROM ${alive}
       WHERE number > ? AND embedder = ? AND ${this.#isElsewhere ? 'q' : 'e'}.dead_at > ?
       ORDER BY number LIMIT ?`,
    );
    this.#review = database.prepare(
      `INSERT INTO reviews (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
    );
  }

  #dropDead(): void {
    try {
      this.#database.prepare('DELETE FROM questions WHERE dead_at <= ?').run(Date.now());
    } catch {
      // Another process writes. Who reads leaves them out all the same.
    }
  }

  /** Keeps a question as long as its answer is kept, in place of the one of the same key. */
  put({ key, embedder, namespace, text, vector, deadAt }: NewQuestion): void {
    const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    this.#together(() => {
      this.#drop.run(key);
      const { lastInsertRowid } = this.#put.run(embedder, namespace, text, bytes, deadAt, key);
      if (this.#isElsewhere) this.#dropBefore.run(Number(lastInsertRowid) - MOST_QUESTIONS);
    });
  }

  /**
   * The questions of an embedder whose answers are alive, oldest first, in pages that nothing else has to wait
   * long for. Damaged ones are left out.
   */
  *pages(embedder: string, size = 500): Generator<readonly KeptQuestion[]> {
    for (let after = 0; ;) {
      const rows: readonly Row[] = this.#page.all(after, embedder, Date.now(), size);
      if (rows.length === 0) return;
      after = Number(rows.at(-1)?.['number']);
      yield rows.flatMap((row) => questionOf(row) ?? []);
    }
  }

  /** The purges of the answers elsewhere that were last heard of, by any process; undefined beside the answers. */
  get purges(): number | undefined {
    if (!this.#isElsewhere) return undefined;
    const row = this.#database.prepare("SELECT value FROM state WHERE name = 'seen'").get();
    return row === undefined ? undefined : Number(row['value']);
  }

  /** Notes that there have been so many purges elsewhere, which are heeded. */
  saw(purges: number): void {
    if (!this.#isElsewhere) return;
    this.#database.prepare("INSERT OR REPLACE INTO state VALUES ('seen', ?)").run(purges);
  }

  /**
   * The keys of all questions that are left after so many purges. Of answers elsewhere nobody says what a purge
   * meant: nothing is left, of reviews neither.
   */
  left(purges: number): ReadonlySet<string> {
    if (this.#isElsewhere) {
      this.#together(() => {
        this.#database.exec('DELETE FROM questions; DELETE FROM reviews');
        this.saw(purges);
      });
    }
    const rows = this.#database.prepare('SELECT key FROM questions').iterate();
    return new Set([...rows].map(({ key }) => String(key)));
  }

  /** Keeps a hit to be decided; beyond {@link MOST_REVIEWS} the oldest go. */
  addReview(review: NewReview): void {
    const { key, evidence, tenant, task, asked, kept, similarity, served, at } = review;
    const answers = [review.freshAnswer, review.keptAnswer].map((answer) =>
      answer.slice(0, LONGEST_ANSWER),
    );
    this.#together(() => {
      const whose = [key, evidence, tenant, task, asked, kept] as const;
      this.#review.run(...whose, ...answers, similarity, served ? 1 : 0, at);
      this.#database
        .prepare('DELETE FROM reviews WHERE id <= (SELECT max(id) FROM reviews) - ?')
        .run(MOST_REVIEWS);
    });
  }

  /** What waits for a decision, newest first. */
  reviews(): Review[] {
    const rows = this.#database
      .prepare('SELECT * FROM reviews WHERE verdict IS NULL ORDER BY id DESC')
      .all();
    return rows.map(reviewOf);
  }

  /** Decides one. False where none of that id waits. */
  decide(id: number, verdict: DecidedReview['verdict']): boolean {
    const { changes } = this.#database
      .prepare('UPDATE reviews SET verdict = ? WHERE id = ? AND verdict IS NULL')
      .run(verdict, id);
    return Number(changes) === 1;
  }

  /** Takes out what was decided: of several processes one gets each. */
  takeDecided(): DecidedReview[] {
    const rows = this.#database
      .prepare('DELETE FROM reviews WHERE verdict IS NOT NULL RETURNING *')
      .all();
    return rows.map((row) => ({
      ...reviewOf(row),
      verdict: row['verdict'] === 'right' ? 'right' : 'wrong',
    }));
  }

  close(): void {
    this.#database.close();
  }

  #together(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Undefined where the bytes are no vector: the file may have been damaged. */
function questionOf({ key, embedder, namespace, text, vector }: Row): KeptQuestion | undefined {
  if (!(vector instanceof Uint8Array) || vector.length === 0 || vector.length % 4 !== 0) {
    return undefined;
  }
  // A copy, which begins where numbers may.
  const numbers = new Float32Array(vector.slice().buffer);
  if (!numbers.every(Number.isFinite)) return undefined;
  return {
    key: String(key),
    embedder: String(embedder),
    namespace: String(namespace),
    text: String(text),
    vector: numbers,
  };
}

function reviewOf(row: Row): Review {
  const text = (column: string): string => String(row[column]);
  return {
    id: Number(row['id']),
    key: text('key'),
    evidence: text('evidence'),
    tenant: text('tenant'),
    task: text('task'),
    asked: text('asked'),
    kept: text('kept'),
    freshAnswer: text('fresh_answer'),
    keptAnswer: text('kept_answer'),
    similarity: Number(row['similarity']),
    served: row['served'] === 1,
    at: Number(row['at']),
  };
}
