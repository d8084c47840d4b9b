/** Load on one gateway. */
import { Pool } from 'undici';

/** What is sent to a gateway. */
export interface Target {
  /** Origin. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
}

const SYSTEM =
  'You are a helpful assistant of a shop. Answer the question of the customer in two sentences. '.repeat(
    8,
  );
const PARAGRAPH = 'Our order arrived late, one item was missing and another one was broken. ';

let sent = 0;

/** A request of about so many bytes; no two are the same. */
export function requestBody(model: string, bytes: number, more: object = {}): string {
  const content = `Ticket ${sent++}: ${PARAGRAPH.repeat(Math.ceil(Math.max(0, bytes - SYSTEM.length) / PARAGRAPH.length))}`;
  return JSON.stringify({
    ...more,
    model,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content },
    ],
    temperature: 0,
  });
}

/** Sends one request and reads its answer; throws when that is not a whole 200. */
async function once(pool: Pool, target: Target, bytes: number): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: target.path,
    headers: { 'content-type': 'application/json', ...target.headers },
    body: requestBody(target.model, bytes),
  });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes('lazy dog'))
    throw new Error(`${statusCode}: ${text.slice(0, 300)}`);
}

/** As fast as it goes with so many connections. Gives requests done. */
export async function saturate(
  target: Target,
  load: { connections: number; ms: number; bytes: number },
): Promise<number> {
  const pool = new Pool(target.url, { connections: load.connections });
  const end = performance.now() + load.ms;
  let done = 0;
  await Promise.all(
    Array.from({ length: load.connections }, async () => {
      while (performance.now() < end) {
        await once(pool, target, load.bytes);
        done++;
      }
    }),
  );
  await pool.close();
  return done;
}

/**
 * At a fixed rate, whatever the answers do. Latency counts from when a request was due, not from when it
 * could be sent, so that a stall is not omitted. Gives milliseconds, sorted.
 */
export async function atRate(
  target: Target,
  load: { perSecond: number; ms: number; bytes: number },
): Promise<number[]> {
  const pool = new Pool(target.url, { connections: 256 });
  const began = performance.now();
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  const total = Math.floor((load.perSecond * load.ms) / 1000);
  for (let index = 0; index < total;) {
    const due = began + (index * 1000) / load.perSecond;
    if (performance.now() < due) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    index++;
    pending.push(
      once(pool, target, load.bytes).then(() => void latencies.push(performance.now() - due)),
    );
  }
  await Promise.all(pending);
  await pool.close();
  return latencies.toSorted((a, b) => a - b);
}

/** Milliseconds to the first byte of the body of streams, one after the other, sorted. */
export async function firstBytes(target: Target, count: number): Promise<number[]> {
  const pool = new Pool(target.url, { connections: 1 });
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    const { body } = await pool.request({
      method: 'POST',
      path: target.path,
      headers: { 'content-type': 'application/json', ...target.headers },
      body: requestBody(target.model, 4000, { stream: true }),
    });
    let first = true;
    for await (const _ of body) {
      if (first) times.push(performance.now() - began);
      first = false;
    }
  }
  await pool.close();
  return times.slice(Math.floor(count / 10)).toSorted((a, b) => a - b);
}

/** Streams at once, held open by an upstream that pauses. Gives how many came whole. */
export async function manyStreams(target: Target, count: number, pauseMs: number): Promise<number> {
  const pool = new Pool(target.url, { connections: count });
  const results = await Promise.all(
    Array.from({ length: count }, async () => {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: target.path,
        headers: { 'content-type': 'application/json', ...target.headers },
        body: requestBody(target.model, 2000, { stream: true, user: `pause-${pauseMs}` }),
      });
      const text = await body.text();
      return statusCode === 200 && text.includes('"finish_reason":"stop"');
    }),
  );
  await pool.close();
  return results.filter(Boolean).length;
}
