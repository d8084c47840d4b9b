/**
 * The admin API's part about the cache. Answers themselves are never shown: who may see them is for the
 * tenants to say.
 *
 * @module
 */
import { listJson, statsJson } from '../../cache/cache-json.ts';
import type { CacheStore, EntryMatch } from '../../cache/cache-store.ts';
import { parseDuration } from '../../config/units.ts';
import { FarthingError } from '../../errors.ts';
import type { Gateway } from '../../gateway.ts';

const LIMIT = 20;
const MOST_LISTED = 1000;
const MATCH = ['task', 'tenant', 'tag', 'older-than'];

/** `GET cache/stats`. */
export async function readStats(gateway: Gateway, url: URL): Promise<object> {
  refuseOthers(url, []);
  const kept = await storeOf(gateway).stats();
  const answered = statsJson(kept, gateway.stores.ledger.report({ by: 'task' }));
  return { ...answered, semantic: gateway.semantic?.stats() ?? [] };
}

/** `GET cache/entries`: the newest that are meant. */
export async function listEntries(gateway: Gateway, url: URL): Promise<object> {
  refuseOthers(url, [...MATCH, 'limit']);
  const limit = Number(url.searchParams.get('limit') ?? LIMIT);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    throw invalid('limit', `a whole number from 1 to ${MOST_LISTED}`);
  }
  return listJson(await storeOf(gateway).list(matchOf(url), limit));
}

/** `DELETE cache/entries`: all that are meant, or with `all=true` all there are. */
export async function purgeEntries(gateway: Gateway, url: URL): Promise<object> {
  refuseOthers(url, [...MATCH, 'all']);
  const match = matchOf(url);
  const isNarrow = Object.keys(match).length > 0;
  if (isNarrow === (url.searchParams.get('all') === 'true')) {
    throw new FarthingError(
      'invalid_value',
      `Say which entries: ${MATCH.join(', ')} as query parameters; or all=true.`,
    );
  }
  return { purged: await storeOf(gateway).purge(match) };
}

/** `DELETE cache/entries/KEY`. */
export async function purgeEntry(gateway: Gateway, key: string): Promise<object> {
  return { purged: await storeOf(gateway).purge({ key }) };
}

function storeOf({ cache }: Gateway): CacheStore {
  if (cache !== undefined) return cache.store;
  throw new FarthingError(
    'invalid_value',
    'This gateway keeps no answers: its configuration has no "cache".',
  );
}

function matchOf({ searchParams: given }: URL): EntryMatch {
  const task = given.get('task');
  const tenant = given.get('tenant');
  const tag = given.get('tag');
  const olderThan = given.get('older-than');
  return {
    ...(task === null ? {} : { task }),
    // The empty name is that of an open gateway's callers.
    ...(tenant === null ? {} : { tenant }),
    ...(tag === null ? {} : { tag: readTag(tag) }),
    ...(olderThan === null ? {} : { storedBefore: Date.now() - readAge(olderThan) }),
  };
}

function readTag(value: string): NonNullable<EntryMatch['tag']> {
  const equals = value.indexOf('=');
  if (equals < 1)
    throw invalid('tag', 'name=value, such as feature=draft, with "=" written as %3D');
  return { name: value.slice(0, equals), value: value.slice(equals + 1) };
}

function readAge(value: string): number {
  const age = parseDuration(value);
  if (age === undefined) throw invalid('older-than', 'a time such as 12h or 7d');
  return age;
}

/** A parameter that is mistyped must not widen what is meant. */
function refuseOthers({ searchParams }: URL, known: readonly string[]): void {
  for (const name of searchParams.keys()) {
    if (known.includes(name) && searchParams.getAll(name).length === 1) continue;
    const there =
      known.length === 0 ? 'There is none here' : `There is ${known.join(', ')}, once each`;
    throw new FarthingError('invalid_value', `Query parameter "${name.slice(0, 100)}": ${there}.`, {
      param: name.slice(0, 100),
    });
  }
}

function invalid(param: string, wanted: string): FarthingError {
  return new FarthingError('invalid_value', `${param} must be ${wanted}.`, { param });
}
