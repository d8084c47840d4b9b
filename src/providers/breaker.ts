/**
 * Circuit breakers: a provider that keeps failing is left alone for a while, so that calls fall back at
 * once and the provider can recover. After the pause one call goes through as a probe; its outcome
 * closes the circuit or opens it for twice as long.
 *
 * @module
 */

/** Failures in a row that open a circuit. */
const TRIP_AFTER = 5;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

/** `closed` lets calls through, `open` none, `half-open` has one probe under way. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** The circuit of one provider and model. */
export class Breaker {
  #failures = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #openUntil = 0;
  #probing = false;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get state(): BreakerState {
    if (this.#probing) return 'half-open';
    return this.#failures >= TRIP_AFTER ? 'open' : 'closed';
  }

  /**
   * Asks to send a request. Whoever gets true must report how it went by `succeeded`, `failed` or
   * `abandoned`: a probe that never reports would keep the circuit half-open.
   */
  admit(): boolean {
    if (this.#failures < TRIP_AFTER) return true;
    if (this.#probing || this.#now() < this.#openUntil) return false;
    this.#probing = true;
    return true;
  }

  /** The provider answered, if only to refuse the request: it is up. */
  succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#probing = false;
  }

  /** The provider did not answer, or answered with a failure of its own. */
  failed(): void {
    this.#failures++;
    if (this.#failures < TRIP_AFTER) return;
    if (this.#probing) this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    this.#openUntil = this.#now() + this.#pauseMs;
    this.#probing = false;
  }

  /** The request ended without saying anything about the provider: the client left. */
  abandoned(): void {
    this.#probing = false;
  }

  /** Milliseconds until the next probe is let through; 0 when calls pass. */
  get pauseLeftMs(): number {
    return this.#failures < TRIP_AFTER ? 0 : Math.max(0, this.#openUntil - this.#now());
  }
}
