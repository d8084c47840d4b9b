/**
 * Delivers events to webhooks, signed, with retries.
 *
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { VERSION } from '../version.ts';
import { sign } from './signature.ts';

/** Something to tell. Sent as JSON, as it is. */
export interface WebhookEvent {
  /** Dotted, such as `budget.threshold`. */
  readonly type: string;
  /** Unique, without a dot; the same at each try, so that a receiver can tell a repetition. */
  readonly id: string;
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  readonly data: object;
}

/** Where an event goes. */
export interface WebhookTarget {
  readonly url: string;
  /** Plain text, or `whsec_` and base64; undefined sends the event unsigned. Never logged. */
  readonly secret: string | undefined;
}

/** What tests replace. */
export interface DeliveryOptions {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** Waits for so many ms. @default a timer that does not keep the process alive */
  readonly pause?: (ms: number) => Promise<void>;
  /** Numbers in [0, 1) for jitter. @default Math.random */
  readonly random?: () => number;
  /** Milliseconds a try may take. @default 10,000 */
  readonly timeoutMs?: number;
  /** Told why an event could not be delivered, without secrets. @default a line on standard error */
  readonly onFailure?: (message: string) => void;
  /** True when the try that begins is to be the last. @default after five tries only */
  readonly isLast?: () => boolean;
}

const MOST_TRIES = 5;
/** Pause before the second try in ms, doubled with each further one: about a minute in all. */
const FIRST_PAUSE_MS = 4_000;
const TIMEOUT_MS = 10_000;
/** An answer's body means nothing; more of it than this ends its connection. */
const ANSWER_LIMIT = 65_536;

/** How a try ended: `final` where trying again cannot help. */
type Tried = 'delivered' | { readonly why: string; readonly final: boolean };

/**
 * Sends an event until a receiver takes it (2xx), says that it never will, or all tries failed. Never
 * rejects: money is not held up by those who want to hear of it. Redirects are not followed, because the
 * signature is meant for the address that was configured.
 */
export async function deliver(
  event: WebhookEvent,
  target: WebhookTarget,
  options: DeliveryOptions = {},
): Promise<void> {
  const { pause = waitQuietly, random = Math.random, onFailure = complain } = options;
  for (let tries = 1; ; tries++) {
    const isLast = tries === MOST_TRIES || options.isLast?.() === true;
    const tried = await attempt(event, target, options);
    if (tried === 'delivered') return;
    if (tried.final || isLast) {
      const where = URL.canParse(target.url) ? new URL(target.url).origin : 'its address';
      onFailure(`The webhook ${event.type} ${event.id} did not reach ${where}: ${tried.why}.`);
      return;
    }
    await pause(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.75 + random() / 2));
  }
}

async function attempt(
  event: WebhookEvent,
  { url, secret }: WebhookTarget,
  { now = Date.now, timeoutMs = TIMEOUT_MS }: DeliveryOptions,
): Promise<Tried> {
  const content = JSON.stringify(event);
  const timestamp = Math.floor(now() / 1000);
  const signed = { id: event.id, timestamp, body: content };
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': `farthing/${VERSION}`,
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        ...(secret === undefined ? {} : { 'webhook-signature': sign(signed, secret) }),
      },
      body: content,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // The status has said it all; what follows is read only so that the connection can be used again.
    await body.dump({ limit: ANSWER_LIMIT }).catch(() => undefined);
    return judge(statusCode);
  } catch (thrown) {
    return { why: reasonOf(thrown), final: !URL.canParse(url) };
  }
}

function judge(status: number): Tried {
  if (status >= 200 && status <= 299) return 'delivered';
  const passing = status >= 500 || status === 408 || status === 429;
  return { why: `it answered ${status}`, final: !passing };
}

/** A code rather than a message: messages of some errors quote the address with all that is in it. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'it cannot be reached';
  if (thrown.name === 'TimeoutError') return 'it did not answer in time';
  return 'code' in thrown ? String(thrown.code) : thrown.name;
}

async function waitQuietly(ms: number): Promise<void> {
  await wait(ms, undefined, { ref: false });
}

/** A line on standard error. */
export function complain(message: string): void {
  process.stderr.write(`${message}\n`);
}
