/**
 * What is known of wrong hits, as the ledger keeps it between two starts.
 *
 * @module
 */
import { asArray, asNumber, asObject, asString, type JsonObject, parseJson } from '../json.ts';
import { scopeReport, type ScopeReport, type ScopeState } from './scope.ts';

/** Name under which the ledger keeps it. */
export const EVIDENCE = 'semantic';
/** Time without a question after which a scope is forgotten, in ms: its task or policy is another by then. */
const FORGOTTEN_MS = 30 * 86_400_000;

/** Scopes that are kept at most: tenants and found tasks have no other bound. */
const MOST_SCOPES = 10_000;

/** All scopes, by their names. */
export type Evidence = Readonly<Record<string, ScopeState>>;

/** Reads what was saved; what is no scope, or was not used for thirty days, is left out. */
export function readEvidence(text: string | undefined, now = Date.now()): Evidence {
  const saved = Object.entries(asObject(parseJson(text ?? '')) ?? {});
  return Object.fromEntries(
    saved.flatMap(([name, value]) => {
      const state = asObject(value);
      if (state === undefined || !isScope(state)) return [];
      return now - state.usedAt > FORGOTTEN_MS ? [] : [[name, state] as const];
    }),
  );
}

/** The scopes that were used last, as many as are kept. */
export function lastUsed(evidence: Evidence, most = MOST_SCOPES): Evidence {
  const scopes = Object.entries(evidence);
  if (scopes.length <= most) return evidence;
  return Object.fromEntries(scopes.toSorted(([, a], [, b]) => b.usedAt - a.usedAt).slice(0, most));
}

/**
 * The saved scopes as they are shown, by task and tenant. Of several of one tenant, task and embedder, left by
 * policies of before, the one that was used last.
 */
export function evidenceReports(evidence: Evidence): readonly ScopeReport[] {
  const newest = new Map<string, [name: string, state: ScopeState]>();
  for (const [name, state] of Object.entries(evidence)) {
    const key = JSON.stringify([state.task, state.tenant, state.embedder]);
    const known = newest.get(key);
    if (known === undefined || known[1].usedAt < state.usedAt) newest.set(key, [name, state]);
  }
  return [...newest]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, [name, state]]) => scopeReport(name, state));
}

function isScope(value: JsonObject): value is JsonObject & ScopeState {
  const rate = asObject(value['rate']);
  const counts = asObject(value['counts']);
  const texts = [value['tenant'], value['task'], value['embedder']];
  const numbers = [value['maxWrong'], value['usedAt'], rate?.['unknown'], rate?.['alarms']];
  return (
    texts.every((text) => asString(text) !== undefined) &&
    [...numbers, ...Object.values(counts ?? { none: null })].every(
      (number) => asNumber(number) !== undefined,
    ) &&
    asArray(rate?.['counts']).every((pair) => asArray(pair).length === 2) &&
    Array.isArray(rate?.['recent'])
  );
}
