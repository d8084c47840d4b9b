/**
 * The `x-farthing-*` headers of a reply.
 *
 * @module
 */
import { type Call, NO_TIER, type Receipt } from '../call.ts';

const NANO = 1e9;
const ZERO = 48;

/**
 * What is known of the call when its headers leave. Money is there only once the call is settled: for
 * a stream it comes with the last chunk instead.
 */
export function replyHeaders(call: Call): Record<string, string> {
  const { trace, id } = call;
  const headers: Record<string, string> = {
    'x-farthing-id': id,
    'x-request-id': id,
    'x-farthing-attempts': String(trace.attempts.filter(({ tier }) => tier !== NO_TIER).length),
    'x-farthing-cache': 'off',
  };
  if (trace.task !== undefined) headers['x-farthing-task'] = headerSafe(trace.task.name);
  if (trace.answer !== undefined) {
    headers['x-farthing-model'] = headerSafe(trace.answer.model.name);
    headers['x-farthing-tier'] = String(trace.answer.tier + 1);
  }
  if (trace.outcome !== undefined) headers['x-farthing-outcome'] = trace.outcome;
  if (trace.cacheHeaders !== undefined) Object.assign(headers, trace.cacheHeaders);
  if (trace.coalescedWith !== undefined) headers['x-farthing-coalesced'] = 'true';
  if (trace.limitHeaders !== undefined) Object.assign(headers, trace.limitHeaders);
  if (trace.capped === true) headers['x-farthing-capped'] = 'true';
  if (trace.receipt !== undefined) putMoney(headers, trace.receipt);
  return headers;
}

function putMoney(headers: Record<string, string>, receipt: Receipt): void {
  if (!receipt.priced) return;
  headers['x-farthing-cost-usd'] = usd(receipt.costNano);
  if (receipt.referenceNano === undefined) return;
  headers['x-farthing-reference-usd'] = usd(receipt.referenceNano);
  headers['x-farthing-saved-usd'] = usd(receipt.referenceNano - receipt.costNano);
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
  return /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name);
}
