import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NO_TOKENS } from '../../pricing/usage.ts';
import { attemptRecord, callRecord } from '../../testing/ledger-records.ts';
import type { AttemptRecord } from '../ledger-store.ts';
import { openSqliteStores } from './sqlite-stores.ts';
import { readProviderDays } from './read-provider-days.ts';

const at = (time: string): number => Date.parse(time);

describe('the ledger by provider and day', () => {
  let directory: string;
  let database: DatabaseSync;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'farthing-days-'));
    const file = join(directory, 'ledger.db');
    const stores = openSqliteStores(file);
    const append = (startedAt: string, more: Partial<AttemptRecord> = {}): void => {
      const began = more.startedAt ?? at(startedAt);
      void stores.ledger.append(
        callRecord({
          startedAt: at(startedAt),
          attempts: [attemptRecord({ startedAt: began, ...more })],
        }),
      );
    };
    append('2026-11-01T10:00:00Z', { answeredBy: 'small-v1-2026-01-02', reportedNano: 900 });
    append('2026-11-01T11:00:00Z', { answeredBy: 'small-v1-2026-01-02', priceId: undefined });
    append('2026-11-01T12:00:00Z', { status: 503, tokens: NO_TOKENS, costNano: 0 });
    append('2026-11-01T13:00:00Z', { serviceTier: 'flex', usageSource: 'estimated' });
    append('2026-11-01T14:00:00Z', { provider: 'other', costNano: undefined, status: undefined });
    // Begins on the next day, as the second attempt of a call from before midnight would.
    append('2026-11-01T23:59:59Z', { startedAt: at('2026-11-02T00:00:01Z') });
    append('2026-11-03T00:00:00Z');
    await stores.close();
    database = new DatabaseSync(file, { readOnly: true });
  });
  after(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });

  const days = (
    since: string,
    until: string,
    utcOffsetMinutes = 0,
  ): ReturnType<typeof readProviderDays> =>
    readProviderDays(database, { since: at(since), until: at(until), utcOffsetMinutes });

  test('sums by day, provider, answering model and tier', () => {
    const found = days('2026-11-01', '2026-11-02');
    assert.deepEqual(
      found.map(({ provider, model, serviceTier, requests }) => [
        provider,
        model,
        serviceTier,
        requests,
      ]),
      [
        ['openai', 'small-v1', undefined, 0],
        ['openai', 'small-v1', 'flex', 1],
        ['openai', 'small-v1-2026-01-02', undefined, 2],
        ['other', 'small-v1', undefined, 0],
      ],
    );
    assert.deepEqual(found[2], {
      day: '2026-11-01',
      provider: 'openai',
      model: 'small-v1-2026-01-02',
      serviceTier: undefined,
      requests: 2,
      tokens: { ...NO_TOKENS, input: 20, output: 10 },
      costNano: 2000,
      computedNano: 2000,
      reportedNano: 900,
      unpriced: 0,
      estimated: 0,
      priceIds: ['openai/small@2026-01-01'],
    });
    assert.equal(found[1]?.estimated, 1);
    assert.equal(found[3]?.unpriced, 1);
    assert.equal(found[3]?.costNano, 0);
  });

  test('an attempt belongs to the day on which it began, not to that of its call', () => {
    assert.deepEqual(
      days('2026-11-02', '2026-11-03').map(({ day, requests }) => [day, requests]),
      [['2026-11-02', 1]],
    );
  });

  test('a day of another time zone', () => {
    // 2026-11-02 at +08:00 is 2026-11-01T16:00Z to 2026-11-02T16:00Z.
    const shifted = days('2026-11-01T16:00:00Z', '2026-11-03T16:00:00Z', 480);
    assert.deepEqual(
      shifted.map(({ day, requests }) => [day, requests]),
      [
        ['2026-11-02', 1],
        ['2026-11-03', 1],
      ],
    );
  });
});
