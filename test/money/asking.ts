/**
 * Calls through a real gateway, each with what the ledger has of it afterwards. A call is found by a tag,
 * because a client that leaves never learns its id.
 */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../src/json.ts';
import type { AttemptRecord, CallRecord } from '../../src/stores/ledger-store.ts';
import type { TokenCounts } from '../../src/pricing/usage.ts';
import { type House, type HouseOptions, startHouse } from '../e2e/harness.ts';

/** What is asked beside the usual question. */
export interface Question {
  /** @default small */
  readonly model?: string;
  readonly stream?: boolean;
  /** Whether the client asks for a usage chunk. */
  readonly wantsUsage?: boolean;
  /** The client leaves once this was said; empty: once the upstream has the request. */
  readonly leaveAfter?: string;
  readonly more?: JsonObject;
}

/** A call that is over. */
export interface Asked {
  /** Undefined where the client left before there was one. */
  readonly response: Response | undefined;
  /** The body as far as the client read it. */
  readonly text: string;
  readonly call: CallRecord;
  /** The last attempt. */
  readonly attempt: AttemptRecord;
}

let asked = 0;

/** Runs a test in a house of its own. */
export async function inHouse(
  options: HouseOptions,
  run: (house: House) => Promise<void>,
): Promise<void> {
  const house = await startHouse(options);
  try {
    await run(house);
  } finally {
    await house.close();
  }
}

/** Asks, reads the answer to its end or leaves before, and waits for the call's rows. */
export async function ask(house: House, question: Question = {}): Promise<Asked> {
  const { model = 'small', stream = false, wantsUsage = false, leaveAfter, more } = question;
  const tag = String(++asked);
  const client = new AbortController();
  const soFar = house.upstream.requests.length;
  const pending = fetch(`${house.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-farthing-tags': `asked=${tag}` },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: 'Tell me something about farthings.' }],
      stream,
      ...(wantsUsage ? { stream_options: { include_usage: true } } : {}),
      ...more,
    }),
    signal: client.signal,
  });
  if (leaveAfter === '') {
    await until(() => house.upstream.requests.length > soFar);
    client.abort();
  }
  const response = await pending.catch(() => undefined);
  const text = await readText(response, leaveAfter);
  const call = await callTagged(house, tag);
  const attempt = call.attempts.at(-1);
  assert.ok(attempt);
  return { response, text, call, attempt };
}

async function readText(
  response: Response | undefined,
  leaveAfter: string | undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response?.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    // Giving up the body closes the connection.
    if (leaveAfter !== undefined && text.includes(leaveAfter)) break;
  }
  return text;
}

/** The call's rows, once they are written. */
async function callTagged(house: House, tag: string): Promise<CallRecord> {
  let call: CallRecord | undefined;
  await until(async () => {
    call = await house.lastCall().catch(() => undefined);
    return call?.tags['asked'] === tag;
  });
  assert.ok(call);
  return call;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('It never came to that.');
}

/** The classes of an attempt that are not zero. */
export function used({ tokens }: AttemptRecord): Partial<TokenCounts> {
  return Object.fromEntries(Object.entries(tokens).filter(([, count]) => count !== 0));
}

/** The JSON of the events of a stream. */
export function eventsIn(text: string): JsonObject[] {
  return [...text.matchAll(/^data: (\{.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as JsonObject,
  );
}
