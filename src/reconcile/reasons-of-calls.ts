/**
 * Drifts that come from which calls, lines and days stand on which side.
 *
 * @module
 */
import { formatUsd } from '../pricing/format-usd.ts';
import type { ComparedLine } from './compare.ts';
import {
  agrees,
  isCovered,
  near,
  percent,
  type Reason,
  type Rule,
  type Surroundings,
} from './reason.ts';

const DAY_MS = 86_400_000;
/** How exactly the drifts of two days must cancel. */
const CANCELS = 0.1;
/** Missing calls explain a drift when they make up this share of it at least. */
const EXPLAINS = 0.5;

/** In the order of asking: what is certain first. */
export const CALL_RULES: readonly Rule[] = [
  otherLineItem,
  unpriced,
  otherName,
  dayBoundary,
  notInLedger,
  notOnBill,
  outsideGateway,
  moreThanBilled,
  estimatedUsage,
];

function otherLineItem(line: ComparedLine, { lines }: Surroundings): Reason | undefined {
  const code = 'other-line-item';
  if (line.kind === 'item') {
    const what = (line.billed.costNano ?? 0) < 0 ? 'a credit' : 'a line of its own';
    return { code, text: `${what} on the bill; the ledger keeps costs by model` };
  }
  const items = lines.filter(({ kind, day }) => kind === 'item' && day === line.day);
  const same = items.find(({ billed }) => near(billed.costNano ?? 0, line.driftNano ?? 0, 0.02));
  if (same === undefined || (line.driftNano ?? 0) <= 0) return undefined;
  return { code, text: `the ledger has "${same.model}" in the model's cost` };
}

function unpriced(line: ComparedLine): Reason | undefined {
  const { ledger, driftNano = -1 } = line;
  if (ledger.unpriced === 0 || driftNano >= 0) return undefined;
  return {
    code: 'unpriced',
    text: `${ledger.unpriced} attempts have no price in the ledger; give the model one`,
  };
}

function isMissingIn({ billed, ledger }: ComparedLine): 'ledger' | 'bill' | undefined {
  const onBill =
    (billed.costNano ?? 0) !== 0 || (billed.requests ?? 0) > 0 || billed.tokens !== undefined;
  const inLedger = ledger.costNano !== 0 || ledger.requests > 0;
  return onBill === inLedger ? undefined : onBill ? 'ledger' : 'bill';
}

/** The same money on the same day, on one side only each. */
function otherName(line: ComparedLine, { lines }: Surroundings): Reason | undefined {
  const missing = isMissingIn(line);
  const drift = line.driftNano ?? 0;
  if (missing === undefined || drift === 0) return undefined;
  const other = lines.find(
    (candidate) =>
      candidate !== line &&
      candidate.kind === 'model' &&
      candidate.day === line.day &&
      isMissingIn(candidate) === (missing === 'ledger' ? 'bill' : 'ledger') &&
      near(-(candidate.driftNano ?? 0), drift, 0.02),
  );
  if (other === undefined) return undefined;
  const where = missing === 'ledger' ? 'the ledger' : 'the bill';
  return { code: 'other-name', text: `${where} has the same cost as ${other.model}` };
}

/** Providers count a request on the day when it ended, or in a day of their own. */
function dayBoundary(line: ComparedLine, { lines }: Surroundings): Reason | undefined {
  const { driftNano: drift } = line;
  if (drift === undefined) return undefined;
  const next = lines.find(
    (candidate) =>
      candidate.key === line.key &&
      Math.abs(Date.parse(candidate.day) - Date.parse(line.day)) === DAY_MS &&
      agrees(candidate) === false &&
      near(-(candidate.driftNano ?? 0), drift, CANCELS),
  );
  if (next === undefined) return undefined;
  const text = `calls around midnight: ${next.day} drifts by ${formatUsd(next.driftNano ?? 0, 4)}`;
  return { code: 'day-boundary', text };
}

function notInLedger(line: ComparedLine): Reason | undefined {
  if (isMissingIn(line) !== 'ledger') return undefined;
  const text = 'calls outside the gateway: the ledger has none of this model on this day';
  return { code: 'not-in-ledger', text };
}

function notOnBill(line: ComparedLine): Reason | undefined {
  // Without costs or counts of that day the bill says nothing about it.
  if (isMissingIn(line) !== 'bill' || line.driftNano === undefined) return undefined;
  const text =
    'the bill has none: another account or project pays, the export is filtered, or it is free of charge';
  return { code: 'not-on-bill', text };
}

function outsideGateway(line: ComparedLine): Reason | undefined {
  const { coverage, driftNano, billed } = line;
  if (coverage === undefined || isCovered(line) === true) return undefined;
  const missing = 1 - coverage.ledger / coverage.billed;
  const drift = driftNano === undefined ? missing : -driftNano / (billed.costNano ?? 1);
  if (missing <= 0 || missing < EXPLAINS * drift || drift < 0) return undefined;
  const { by } = coverage;
  const text = `calls outside the gateway: ${percent(missing)} of the ${by} are not in the ledger`;
  return { code: 'outside-gateway', text };
}

function moreThanBilled(line: ComparedLine): Reason | undefined {
  const { coverage, driftNano = 1 } = line;
  if (coverage === undefined || isCovered(line) === true) return undefined;
  if (coverage.ledger < coverage.billed || driftNano < 0) return undefined;
  const text = `the bill has fewer ${coverage.by} (${coverage.billed} of ${coverage.ledger}): the export is filtered, or not final yet`;
  return { code: 'more-than-billed', text };
}

function estimatedUsage(line: ComparedLine): Reason | undefined {
  const { ledger, coverage } = line;
  if (ledger.estimated === 0) return undefined;
  // Where tokens were compared and are the same, the estimates were right.
  if (coverage?.by === 'tokens' && isCovered(line) === true) return undefined;
  const text = `${ledger.estimated} of ${ledger.requests} answers broke off; their tokens are estimated`;
  return { code: 'estimated-usage', text };
}
