/**
 * Events on their way to webhooks, and what becomes of them when the process ends.
 *
 * @module
 */
import {
  complain,
  deliver,
  type DeliveryOptions,
  type WebhookEvent,
  type WebhookTarget,
} from './webhook.ts';

/** What can be set beside what each delivery takes. */
export interface DeliveriesOptions extends Pick<DeliveryOptions, 'timeoutMs' | 'onFailure'> {
  /** How long is waited for events that are on their way when the process ends, in ms. @default 5,000 */
  readonly closeMs?: number;
}

const CLOSE_MS = 5_000;

/** Delivers events behind everything else. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #pending = new Set<Promise<void>>();
  readonly #closing = Promise.withResolvers<void>();
  #isClosing = false;

  constructor(options: DeliveriesOptions = {}) {
    this.#options = options;
  }

  /** Sends an event. Nobody waits for it. */
  send(event: WebhookEvent, target: WebhookTarget): void {
    const delivery = deliver(event, target, {
      ...this.#options,
      pause: async (ms) => this.#pause(ms),
      isLast: () => this.#isClosing,
    }).finally(() => {
      this.#pending.delete(delivery);
    });
    this.#pending.add(delivery);
  }

  /**
   * Gives every event that has not arrived one more try, now, and waits for those some seconds at most. An
   * event is told once: what is lost here is not sent again after the next start, and said on standard error.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#closing.resolve();
    if (this.#pending.size === 0) return;
    const { closeMs = CLOSE_MS, onFailure = complain } = this.#options;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, closeMs);
    await Promise.race([Promise.all(this.#pending), late.promise]);
    clearTimeout(timer);
    const { size } = this.#pending;
    if (size > 0) onFailure(`${size} webhooks were still on their way when the gateway ended.`);
  }

  async #pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms).unref();
    await Promise.race([over.promise, this.#closing.promise]);
    clearTimeout(timer);
  }
}
