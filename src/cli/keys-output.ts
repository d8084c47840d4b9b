/**
 * How `farthing keys` shows keys.
 *
 * @module
 */
import type { IssuedKey, KeyRecord } from '../stores/key-store.ts';
import { type Column, renderTable } from './table.ts';

const TITLES = ['name', 'id', 'key', 'state', 'models', 'tasks', 'tags', 'expires', 'last used'];
const COLUMNS: readonly Column[] = TITLES.map((title) => ({ title, align: 'left' }));

type State = 'active' | 'expired' | 'revoked';

function stateOf({ revokedAt, expiresAt }: KeyRecord, now: number): State {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active';
}

/** A key as JSON, without a secret: times in ISO 8601, `null` for what is not set. `now` is ms since the epoch. */
export function keyJson(key: KeyRecord, now: number): object {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    state: stateOf(key, now),
    models: key.models ?? null,
    tasks: key.tasks ?? null,
    tags: key.tags,
    created_at: iso(key.createdAt),
    expires_at: iso(key.expiresAt),
    revoked_at: iso(key.revokedAt),
    rotated_at: iso(key.rotatedAt),
    last_used_at: iso(key.lastUsedAt),
  };
}

/** As {@link keyJson}, with the secret as `key`. */
export function issuedJson({ key, secret }: IssuedKey): object {
  const { id, name, ...more } = keyJson(key, key.createdAt) as { id: string; name: string };
  return { id, name, key: secret, ...more };
}

/** The secret, and what to do with it. `note` says what else happened. */
export function issuedText({ key, secret }: IssuedKey, note: string): string {
  return [
    `The key "${key.name}" (${key.id}):`,
    '',
    `  ${secret}`,
    '',
    'It is shown only now: only its hash is kept.',
    note,
    '',
    'Use it as the API key of any client (OPENAI_API_KEY, ANTHROPIC_API_KEY), or send it as',
    '"Authorization: Bearer …", x-api-key, x-goog-api-key or api-key. A gateway asks for keys where',
    'its farthing.yaml says `keys: required`.',
  ].join('\n');
}

/** A table of keys. `now` is milliseconds since the epoch. */
export function keysTable(keys: readonly KeyRecord[], now: number): string {
  return renderTable(
    COLUMNS,
    keys.map((key) => [
      key.name,
      key.id,
      `${key.prefix}…`,
      stateOf(key, now),
      key.models?.join(', ') ?? 'all',
      key.tasks?.join(', ') ?? 'all',
      Object.entries(key.tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
      minute(key.expiresAt, 'never'),
      minute(key.lastUsedAt, 'never'),
    ]),
  );
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function minute(ms: number | undefined, otherwise: string): string {
  return iso(ms)?.slice(0, 16).replace('T', ' ') ?? otherwise;
}
