/**
 * Since when each budget is kept. A budget that is new, or was left out for a while, starts with what the
 * ledger says was spent before; from then on its accounts are charged call by call.
 *
 * @module
 */
import type { Budget } from '../config/spending.ts';
import { asNumber, asObject, parseJson } from '../json.ts';
import type { Stores } from '../stores/stores.ts';
import type { KeptSince } from './account-book.ts';

/** Name of the document that says since when. */
const BUDGETS = 'budgets';

/** Reads it, adds the budgets that are new as of now, and leaves out those that are gone. */
export function keptSince(
  budgets: readonly Budget[],
  { ledger, accounts }: Pick<Stores, 'ledger' | 'accounts'>,
): KeptSince {
  const before = asObject(parseJson(ledger.load(BUDGETS) ?? '{}')) ?? {};
  const now = Date.now();
  const since: Record<string, number> = {};
  for (const { id } of budgets) {
    const known = asNumber(before[id]);
    since[id] = known ?? now;
    // What is left of an earlier time lacks what was spent in between.
    // On a locked file it stays, and the budget is stricter than it need be.
    if (known === undefined) void accounts.forget(id).catch(() => undefined);
  }
  const text = JSON.stringify(since);
  if (text !== JSON.stringify(before)) ledger.save(BUDGETS, text);
  return since;
}
