/**
 * Request bodies that the cache has answered, and their keys: the next call with the very same bytes is
 * neither decoded nor parsed nor hashed again.
 *
 * @module
 */
import type { Call, Operation, RequestBody } from '../call.ts';
import type { CachePolicy } from '../config/cache-policy.ts';
import type { Task } from '../config/config.ts';
import { BytesMap } from '../bytes-map.ts';
import { cacheKeyOf, isDivided } from './cache-key.ts';

/** Bytes of bodies that are remembered; with their text and what it means they take some five times as much. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Longer bodies are rare, and two of them would push out everything else. */
const LONGEST_BODY = MOST_BYTES / 32;
const utf8 = new TextEncoder();

/** A body, and the key it has in one place. */
interface Repeated {
  readonly body: RequestBody;
  readonly operation: Operation;
  readonly tenant: string;
  readonly task: Task;
  readonly policy: CachePolicy;
  readonly key: string;
}

/** Bodies that are likely to come again. */
export class RepeatedBodies {
  readonly #known = new BytesMap<Repeated>(MOST_BYTES);
  /** By the body itself: its bytes are compared once a call, by `find`. */
  readonly #ofBody = new WeakMap<RequestBody, Repeated>();

  /** The parsed and validated body of these bytes, where the same tenant was answered with it before. */
  find(bytes: Uint8Array, operation: Operation, tenant: string): RequestBody | undefined {
    const known = this.#known.get(bytes);
    return known !== undefined && known.tenant === tenant && known.operation === operation
      ? known.body
      : undefined;
  }

  /** As `cacheKeyOf`. */
  keyOf(call: Call, task: Task, policy: CachePolicy): string | undefined {
    const known = this.#ofBody.get(call.body);
    const isSame =
      known !== undefined &&
      known.tenant === call.tenant &&
      known.operation === call.operation &&
      known.task === task &&
      known.policy === policy &&
      !isDivided(call);
    return isSame ? known.key : cacheKeyOf(call, task, policy);
  }

  /** A call was answered with what is kept under its key. */
  answered(call: Call, place: Pick<Repeated, 'task' | 'policy' | 'key'>): void {
    const { body, operation, tenant } = call;
    const { task, policy, key } = place;
    // A user's own function may give another key tomorrow.
    if (policy.keyFunction !== undefined || isDivided(call) || body.raw.length > LONGEST_BODY)
      return;
    const known = this.#ofBody.get(body);
    if (known?.task === task && known.policy === policy) return;
    const repeated = { body, operation, tenant, task, policy, key };
    // Encoded anew: the bytes as they came lie in a larger piece of memory, and may be no valid UTF-8.
    this.#known.set(utf8.encode(body.raw), repeated);
    this.#ofBody.set(body, repeated);
  }
}
