/**
 * The keys in use, in memory: a call with a known key waits for no store.
 *
 * @module
 */
import { RecentMap } from '../recent-map.ts';
import type { Credential, KeyRecord, KeyStore } from '../stores/key-store.ts';
import { isWellFormed, SECRET_LENGTH, secretHash } from '../stores/key-secret.ts';
import { presentedSecret, type RequestHeaders } from './presented-secret.ts';
import { mistypedKey, refusalOf, unknownKey } from './refusals.ts';

/** What can be set. */
export interface KeyRingOptions {
  /** Milliseconds between two looks for changes by other processes. @default 500 */
  readonly refreshMs?: number;
  /** Told when the store cannot be read or written; known keys keep working. @default a line on standard error, at most one a minute */
  readonly onError?: (error: Error) => void;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** Secrets kept in memory, at some hundred bytes each. */
const MOST = 10_000;
/** A key's last use is written down at most once in this time. */
const USED_EVERY_MS = 60_000;
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Tells whose key a call carries.
 *
 * Kept is what the store said of each secret, under the secret's hash, never the secret. All of it is
 * forgotten when the store's version changes, so a key that was revoked or rotated anywhere is refused
 * after `refreshMs`; a new key is asked for on its first call and works at once. While the store cannot be read,
 * known keys keep working: an outage of the store is no reason to turn everybody away.
 *
 * @example
 * const key = ring.identify(headers) ?? (await ring.lookUp(headers));
 */
export class KeyRing {
  readonly #store: KeyStore;
  readonly #options: KeyRingOptions;
  readonly #now: () => number;
  readonly #usedAt = new RecentMap<string, number>(MOST);
  #known = new RecentMap<string, Credential>(MOST);
  #version: number | undefined;
  #uses = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #complainedAt = -Infinity;

  constructor(store: KeyStore, options: KeyRingOptions = {}) {
    this.#store = store;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#refreshLater();
  }

  /**
   * The key of a call, where its secret is in memory; undefined where {@link lookUp} must ask the store.
   * Throws `missing_api_key`, or `invalid_api_key` for a key that is not ours, cut, revoked, expired or
   * replaced. Costs one SHA-256 and a look into a map.
   */
  identify(headers: RequestHeaders): KeyRecord | undefined {
    const secret = presentedSecret(headers);
    // Before hashing: a header may have thousands of characters.
    if (secret.length !== SECRET_LENGTH) throw mistypedKey();
    const credential = this.#known.get(secretHash(secret));
    return credential === undefined ? undefined : this.#admit(credential);
  }

  /**
   * The key of a call, by the store. Throws as {@link identify} does, and `invalid_api_key` for a key that
   * is mistyped (the store is not asked) or unknown; rejects as the store does where it cannot be read.
   */
  async lookUp(headers: RequestHeaders): Promise<KeyRecord> {
    const secret = presentedSecret(headers);
    if (!isWellFormed(secret)) throw mistypedKey();
    const hash = secretHash(secret);
    // A refresh during the look-up starts a new map, and what was read before it stays out of that.
    const known = this.#known;
    const credential = await this.#store.find(hash);
    // Nothing is kept of unknown ones: they would push out the known, and may be created next.
    if (credential === undefined) throw unknownKey();
    known.set(hash, credential);
    return this.#admit(credential);
  }

  /** Forgets what others have changed and writes down which keys were used. Never rejects: see `onError`. */
  async refresh(): Promise<void> {
    try {
      const version = await this.#store.version();
      if (version !== this.#version) {
        this.#version = version;
        this.#known = new RecentMap(MOST);
      }
      if (this.#uses.size === 0) return;
      const uses = this.#uses;
      this.#uses = new Map();
      // Where this fails the times are lost; a minute later there are new ones.
      await this.#store.markUsed(uses);
    } catch (error) {
      this.#complain(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Writes down which keys were used and stops looking for changes. The store stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.refresh();
  }

  #admit(credential: Credential): KeyRecord {
    const now = this.#now();
    const refusal = refusalOf(credential, now);
    if (refusal !== undefined) throw refusal;
    const { key } = credential;
    const usedAt = this.#usedAt.get(key.id) ?? key.lastUsedAt ?? -Infinity;
    if (now - usedAt >= USED_EVERY_MS) {
      this.#usedAt.set(key.id, now);
      this.#uses.set(key.id, now);
    }
    return key;
  }

  #refreshLater(): void {
    this.#timer = setTimeout(() => void this.#tick(), this.#options.refreshMs ?? 500);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    await this.refresh();
    if (!this.#closed) this.#refreshLater();
  }

  #complain(error: Error): void {
    if (this.#options.onError !== undefined) {
      this.#options.onError(error);
      return;
    }
    const now = this.#now();
    if (now - this.#complainedAt < COMPLAIN_EVERY_MS) return;
    this.#complainedAt = now;
    process.stderr.write(`The keys cannot be read or written (${error.message}).\n`);
  }
}
