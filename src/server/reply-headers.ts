/**
 * The `x-farthing-*` headers of a reply.
 *
 * @module
 */
import { type Call, NO_TIER, type Receipt } from '../call.ts';

const NANO = 1e9;
const ZERO = 48;

/** Names and values in turn, as node:http takes them: an object of so many changing fields costs more to make. */
export type HeaderList = string[];

/** True where the list names this header; a value may read like a name. */
export function hasHeader(headers: HeaderList, name: string): boolean {
  return headers.some((text, index) => index % 2 === 0 && text === name);
}

/**
 * What is known of the call when its headers leave. Money is there only once the call is settled: for
 * a stream it comes with the last chunk instead.
 */
export function replyHeaders(call: Call): HeaderList {
  const { trace, id } = call;
  const { task, answer, outcome, receipt } = trace;
  const headers: HeaderList = ['x-farthing-id', id, 'x-request-id', id];
  headers.push('x-farthing-attempts', String(attemptsOf(call)));
  if (task !== undefined) headers.push('x-farthing-task', headerSafe(task.name));
  if (answer !== undefined) {
    headers.push('x-farthing-model', headerSafe(answer.model.name));
    headers.push('x-farthing-tier', String(answer.tier + 1));
  }
  if (outcome !== undefined) headers.push('x-farthing-outcome', outcome);
  if (trace.cacheHeaders === undefined) headers.push('x-farthing-cache', 'off');
  else putAll(headers, trace.cacheHeaders);
  if (trace.coalescedWith !== undefined) headers.push('x-farthing-coalesced', 'true');
  if (trace.limitHeaders !== undefined) putAll(headers, trace.limitHeaders);
  if (trace.capped === true) headers.push('x-farthing-capped', 'true');
  if (receipt !== undefined) putMoney(headers, receipt);
  return headers;
}

/** Those for the answer; not those that embedded the question or judged an answer. */
function attemptsOf({ trace: { attempts } }: Call): number {
  let count = 0;
  for (const { tier } of attempts) if (tier !== NO_TIER) count++;
  return count;
}

function putAll(headers: HeaderList, more: Readonly<Record<string, string>>): void {
  for (const name in more) headers.push(name, more[name] ?? '');
}

function putMoney(headers: HeaderList, { priced, costNano, referenceNano }: Receipt): void {
  if (!priced) return;
  headers.push('x-farthing-cost-usd', usd(costNano));
  if (referenceNano === undefined) return;
  const reference = usd(referenceNano);
  const saved = costNano === 0 ? reference : usd(referenceNano - costNano);
  headers.push('x-farthing-reference-usd', reference, 'x-farthing-saved-usd', saved);
}

/** Nano-dollars as a plain decimal number of dollars, exact: `0.00045`. */
export function usd(nano: number): string {
  const amount = Math.abs(nano);
  const part = amount % NANO;
  const sign = nano < 0 ? '-' : '';
  const whole = (amount - part) / NANO;
  if (part === 0) return `${sign}${whole}`;
  // With a digit in front that keeps the zeros.
  const digits = String(NANO + part);
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO) end--;
  return `${sign}${whole}.${digits.slice(1, end)}`;
}

/** Names may hold any character; header values may not. */
function headerSafe(name: string): string {
  // Each call asks for two names: short as they are, a pattern takes several times as long.
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return encodeURIComponent(name);
  }
  return name;
}
