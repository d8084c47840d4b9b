/**
 * One question upstream that several calls wait for.
 *
 * @module
 */
import {
  batchesOf,
  type Call,
  eventsOf,
  type Handler,
  type Reply,
  type ReplyEvent,
} from '../../call.ts';
import { clientGone, Departure } from '../../departure.ts';
import { type FarthingError, toFarthingError } from '../../errors.ts';

/** Events of a stream that are kept for those who join late, in UTF-16 units; beyond it nobody can join. */
const MOST_KEPT = 8 * 1024 * 1024;

type Batch = readonly ReplyEvent[];

/**
 * The first call, its leader, goes on upstream with a departure of its own, which comes when nobody waits
 * any more: one client's leaving stops nothing for the others. The attempts stand in the leader's trace
 * alone; the answer is read as fast as it comes and kept whole, so that each reads it at its own pace.
 */
export class Flight {
  readonly leader: Call;
  readonly #departure = new Departure();
  readonly #begun: Promise<Reply>;
  readonly #over = Promise.withResolvers<void>();
  readonly #batches: Batch[] = [];
  readonly #landed: () => void;
  #changed = Promise.withResolvers<void>();
  #present = 1;
  #kept = 0;
  #isOver = false;
  #failure: FarthingError | undefined;

  /** `landed` is called when nobody can join any more. */
  constructor(leader: Call, next: Handler, landed: () => void) {
    this.leader = leader;
    this.#landed = landed;
    this.#begun = this.#start(next);
    // Whoever waits hears of it; nobody may be left.
    this.#begun.catch(() => undefined);
  }

  /** The leader's own reply. Throws what its question upstream throws. */
  async lead(): Promise<Reply> {
    const leave = (): void => this.leave();
    const { departure } = this.leader;
    departure.listen(leave);
    try {
      const reply = await this.#begun;
      return this.#shareOf(reply, this.leader);
    } finally {
      departure.forget(leave);
    }
  }

  /** A further call's reply. Throws as {@link lead} does, `client_disconnected` when its client leaves first. */
  async join(call: Call): Promise<Reply> {
    const { departure } = call;
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(clientGone());
    this.#present++;
    departure.listen(leave);
    try {
      const reply = await Promise.race([this.#begun, gone.promise]);
      note(call, reply, this.leader);
      return this.#shareOf(reply, call);
    } catch (thrown) {
      this.leave();
      throw thrown;
    } finally {
      departure.forget(leave);
    }
  }

  /** One of those who wait no longer does; when none does, the question upstream is given up. */
  leave(): void {
    this.#present--;
    if (this.#present === 0 && !this.#isOver) {
      this.#landed();
      this.#departure.leave();
    }
  }

  /** True when the question upstream has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when the question upstream has ended, and what it used is known. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The batch at a place; undefined at the end. Throws what the stream throws. */
  async batchAt(index: number, departure: Departure): Promise<Batch | undefined> {
    const wake = (): void => this.#signal();
    departure.listen(wake);
    try {
      for (;;) {
        const batch = this.#batches[index];
        if (batch !== undefined) return batch;
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#isOver) return undefined;
        if (departure.left) throw clientGone();
        await this.#changed.promise;
      }
    } finally {
      departure.forget(wake);
    }
  }

  async #start(next: Handler): Promise<Reply> {
    try {
      const reply = await next({ ...this.leader, departure: this.#departure });
      if (reply.form === 'json') {
        this.#batches.push(...(await batchesOf(reply)));
        this.#end();
        return reply;
      }
      void this.#read(reply);
      return reply;
    } catch (thrown) {
      this.#end(toFarthingError(thrown));
      throw thrown;
    }
  }

  async #read(reply: Reply): Promise<void> {
    try {
      for await (const batch of reply.events) {
        this.#batches.push(batch);
        for (const { data } of batch) this.#kept += data.length;
        if (this.#kept > MOST_KEPT) this.#landed();
        this.#signal();
      }
      this.#end();
    } catch (thrown) {
      this.#end(toFarthingError(thrown));
    }
  }

  #shareOf(reply: Reply, call: Call): Reply {
    if (reply.form === 'stream') return { ...reply, events: new Share(this, call) };
    return { ...reply, events: eventsOf(this.#batches) };
  }

  #end(failure?: FarthingError): void {
    this.#failure = failure;
    this.#isOver = true;
    this.#landed();
    this.#over.resolve();
    this.#signal();
  }

  #signal(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** What a follower's trace says of the answer; the attempts are the leader's. */
function note({ trace }: Call, reply: Reply, leader: Call): void {
  trace.coalescedWith = leader.id;
  if (reply.attempt !== undefined) trace.answer = reply.attempt;
  copyOutcome(trace, leader);
}

function copyOutcome(trace: Call['trace'], { trace: led }: Call): void {
  if (led.outcome !== undefined) trace.outcome = led.outcome;
  if (led.capped !== undefined) trace.capped = led.capped;
}

/** One call's way through a stream that others read as well. */
class Share implements AsyncIterableIterator<Batch> {
  readonly #flight: Flight;
  readonly #call: Call;
  #index = 0;
  #isDone = false;

  constructor(flight: Flight, call: Call) {
    this.#flight = flight;
    this.#call = call;
  }

  async next(): Promise<IteratorResult<Batch>> {
    if (this.#isDone) return { done: true, value: undefined };
    try {
      const batch = await this.#flight.batchAt(this.#index, this.#call.departure);
      if (batch !== undefined) {
        this.#index++;
        return { done: false, value: batch };
      }
    } catch (thrown) {
      await this.#end();
      throw thrown;
    }
    await this.#end();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Batch>> {
    await this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The leader is settled when its attempts have ended: others may still be listening to them. */
  async #end(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#flight.leave();
    const { leader } = this.#flight;
    if (this.#call === leader) await this.#flight.over;
    else if (this.#flight.isOver) copyOutcome(this.#call.trace, leader);
    // Of an answer that it did not wait for a follower has no reference: what it will cost is not known.
    else this.#call.trace.answer = undefined;
  }
}
