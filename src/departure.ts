/**
 * The client's leaving, as those behind it hear of it. An `AbortSignal` says the same, but making one and
 * listening to it for each request upstream costs more than anything else in a call that is only passed on.
 *
 * @module
 */
import { FarthingError } from './errors.ts';

/** Whether a client is still there. */
export class Departure {
  #left = false;
  #listeners: (() => void)[] | undefined;

  /** The departure that an abort signal stands for. */
  static of(signal: AbortSignal): Departure {
    const departure = new Departure();
    if (signal.aborted) departure.leave();
    else signal.addEventListener('abort', () => departure.leave(), { once: true });
    return departure;
  }

  /** True once the client is gone. */
  get left(): boolean {
    return this.#left;
  }

  /** The client is gone: tells all who listen, once. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
  }

  /** Calls `listener` when the client leaves; never when it is gone already. */
  listen(listener: () => void): void {
    if (!this.#left) (this.#listeners ??= []).push(listener);
  }

  /** Stops calling a listener. */
  forget(listener: () => void): void {
    const index = this.#listeners?.indexOf(listener) ?? -1;
    if (index !== -1) this.#listeners?.splice(index, 1);
  }
}

/** What a call ends with whose client is gone. */
export function clientGone(): FarthingError {
  return new FarthingError('client_disconnected', 'The client closed the connection.');
}
