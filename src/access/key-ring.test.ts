import { describe, test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { isFarthingError, type FarthingError } from '../errors.ts';
import type { Credential, KeyRecord } from '../stores/key-store.ts';
import { newSecret } from '../stores/key-secret.ts';
import { SqliteKeys } from '../stores/sqlite/keys.ts';
import { KEY_TABLES } from '../stores/sqlite/keys-schema.ts';
import { KeyRing, type KeyRingOptions } from './key-ring.ts';
import type { RequestHeaders } from './presented-secret.ts';

const START = 1_800_000_000_000;
const NEVER = 2 ** 31 - 1;

/** Counts what is asked of it. */
class CountingKeys extends SqliteKeys {
  finds = 0;
  uses: ReadonlyMap<string, number>[] = [];

  override async find(hash: string): Promise<Credential | undefined> {
    this.finds++;
    return super.find(hash);
  }

  override async markUsed(uses: ReadonlyMap<string, number>): Promise<void> {
    this.uses.push(uses);
    return super.markUsed(uses);
  }
}

class Scene {
  time = START;
  readonly store: CountingKeys;
  readonly ring: KeyRing;

  constructor(options: KeyRingOptions = {}, database = memory()) {
    const now = (): number => this.time;
    this.store = new CountingKeys(database, now);
    this.ring = new KeyRing(this.store, { now, refreshMs: NEVER, ...options });
  }

  /** As the server does it. */
  async admit(headers: RequestHeaders): Promise<KeyRecord> {
    return this.ring.identify(headers) ?? (await this.ring.lookUp(headers));
  }

  async refusal(secret: string): Promise<FarthingError> {
    return refusalOf(this.admit(bearer(secret)));
  }
}

function memory(): DatabaseSync {
  const made = new DatabaseSync(':memory:');
  made.exec(KEY_TABLES);
  return made;
}

async function refusalOf(admitted: Promise<unknown>): Promise<FarthingError> {
  const thrown: unknown = await admitted.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(isFarthingError(thrown), String(thrown));
  assert.equal(thrown.status, 401);
  assert.equal(thrown.retryable, false);
  assert.match(thrown.message, /farthing keys create/);
  return thrown;
}

const bearer = (secret: string): RequestHeaders => ({ authorization: `Bearer ${secret}` });

describe('where a key is looked for', () => {
  test('in the headers of every client, in any form of them', async () => {
    const scene = new Scene();
    const { key, secret } = await scene.store.create({ name: 'a' });
    const forms = fc.constantFrom<readonly [string, string]>(
      ['authorization', 'Bearer '],
      ['authorization', 'bearer  '],
      ['authorization', ' BEARER\t'],
      ['x-api-key', ''],
      ['x-api-key', ' '],
      ['x-goog-api-key', ''],
      ['api-key', ''],
    );
    await fc.assert(
      fc.asyncProperty(forms, fc.constantFrom('', ' ', '\t'), async ([name, before], after) => {
        assert.equal((await scene.admit({ [name]: before + secret + after })).id, key.id);
      }),
    );
  });

  test('the first key of ours wins; those of others are passed over', async () => {
    const scene = new Scene();
    const first = await scene.store.create({ name: 'first' });
    const second = await scene.store.create({ name: 'second' });
    const names = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key'] as const;
    const value = fc.option(fc.constantFrom('first', 'second', 'sk-proj-other', ''), {
      nil: undefined,
    });
    await fc.assert(
      fc.asyncProperty(fc.tuple(value, value, value, value), async (values) => {
        const put = (text: string | undefined): string | undefined =>
          text === 'first' ? first.secret : text === 'second' ? second.secret : text;
        const headers = Object.fromEntries(
          names.map((name, at) => {
            const text = put(values[at]);
            return [name, at === 0 && text !== undefined ? `Bearer ${text}` : text];
          }),
        );
        const expected = values.find((text) => text === 'first' || text === 'second');
        if (expected !== undefined) {
          assert.equal((await scene.admit(headers)).name, expected);
          return;
        }
        const error = await refusalOf(scene.admit(headers));
        const other = values.includes('sk-proj-other');
        assert.equal(error.code, other ? 'invalid_api_key' : 'missing_api_key');
      }),
    );
  });

  test('no key, another scheme, and a key of a provider are told apart', async () => {
    const scene = new Scene();
    for (const headers of [{}, { authorization: '' }, { authorization: 'Basic Zms6eA==' }]) {
      const error = await refusalOf(scene.admit(headers));
      assert.equal(error.code, 'missing_api_key');
    }
    const error = await scene.refusal('sk-proj-abcdef');
    assert.equal(error.code, 'invalid_api_key');
    assert.match(error.message, /none of this gateway, whose keys begin with "fk-"/);
    assert.doesNotMatch(error.message, /abcdef/);
  });
});

describe('why a key is refused', () => {
  test('mistyped or cut: without asking the store', async () => {
    const scene = new Scene();
    const { secret } = await scene.store.create({ name: 'a' });
    const last = secret.endsWith('A') ? 'B' : 'A';
    const wrong = [
      secret.slice(0, -1),
      `${secret}A`,
      'fk-',
      secret.slice(0, -1) + last,
      `fk-${'x'.repeat(10_000)}`,
    ];
    for (const text of wrong) {
      const error = await scene.refusal(text);
      assert.equal(error.code, 'invalid_api_key');
      assert.match(error.message, /mistyped or cut/);
    }
    assert.equal(scene.store.finds, 0);
  });

  test('unknown, revoked, expired, replaced; never with a secret', async () => {
    const scene = new Scene();
    const revoked = await scene.store.create({ name: 'gone' });
    const expiring = await scene.store.create({ name: 'old', expiresAt: START + 60_000 });
    const rotated = await scene.store.create({ name: 'turned' });
    await scene.store.revoke('gone');
    await scene.store.rotate('turned', 60_000);
    await scene.admit(bearer(expiring.secret));
    await scene.admit(bearer(rotated.secret));
    // Without a refresh: times are looked at in every call.
    scene.time = START + 60_000;
    const unknown = newSecret();
    const cases: readonly (readonly [secret: string, says: RegExp])[] = [
      [unknown, /is not known to this gateway/],
      [revoked.secret, /"gone" was revoked at 2027-01-15 08:00 UTC/],
      [expiring.secret, /"old" expired at 2027-01-15 08:01 UTC/],
      [rotated.secret, /"turned" was replaced by a newer one and ended at 2027-01-15 08:01 UTC/],
    ];
    for (const [secret, says] of cases) {
      const error = await scene.refusal(secret);
      assert.equal(error.code, 'invalid_api_key');
      assert.match(error.message, says);
      assert.ok(!error.message.includes(secret.slice(3, 10)));
    }
  });
});

describe('what is kept in memory', () => {
  test('a known key is not asked for again, good or bad', async () => {
    const scene = new Scene();
    const good = await scene.store.create({ name: 'good' });
    const bad = await scene.store.create({ name: 'bad' });
    await scene.store.revoke('bad');
    for (let call = 0; call < 3; call++) {
      assert.equal((await scene.admit(bearer(good.secret))).name, 'good');
      await scene.refusal(bad.secret);
    }
    assert.equal(scene.store.finds, 2);
    assert.equal(scene.ring.identify(bearer(good.secret))?.name, 'good');
  });

  test('a key made after it was called unknown works at once', async () => {
    const scene = new Scene();
    await scene.refusal(newSecret());
    const { secret } = await scene.store.create({ name: 'a' });
    assert.equal((await scene.admit(bearer(secret))).name, 'a');
  });

  test('what another process does is noticed by the next refresh', async (t) => {
    const file = temporaryFile(t);
    new DatabaseSync(file).exec(KEY_TABLES);
    const scene = new Scene({}, new DatabaseSync(file));
    const other = new SqliteKeys(new DatabaseSync(file), () => scene.time);
    const revoked = await other.create({ name: 'revoked' });
    const rotated = await other.create({ name: 'rotated' });
    await scene.admit(bearer(revoked.secret));
    await scene.admit(bearer(rotated.secret));
    await other.revoke('revoked');
    const { secret } = await other.rotate('rotated');
    await scene.ring.refresh();
    assert.match((await scene.refusal(revoked.secret)).message, /revoked/);
    assert.match((await scene.refusal(rotated.secret)).message, /replaced/);
    assert.equal((await scene.admit(bearer(secret))).name, 'rotated');
  });

  test('it refreshes by itself', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const scene = new Scene({ refreshMs: 500 });
    const { secret } = await scene.store.create({ name: 'a' });
    for (let round = 0; round < 3; round++) {
      await scene.admit(bearer(secret));
      await scene.store.rotate('a', NEVER);
      assert.ok(scene.ring.identify(bearer(secret)) !== undefined);
      t.mock.timers.tick(500);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(scene.ring.identify(bearer(secret)), undefined);
    }
  });

  test('what was read before a change does not outlive it', async () => {
    const scene = new Scene();
    const { secret } = await scene.store.create({ name: 'a' });
    await scene.ring.refresh();
    const gate = Promise.withResolvers<void>();
    const find = scene.store.find.bind(scene.store);
    scene.store.find = async (hash) => {
      const found = await find(hash);
      await gate.promise;
      return found;
    };
    const slow = scene.ring.lookUp(bearer(secret));
    await scene.store.revoke('a');
    await scene.ring.refresh();
    gate.resolve();
    await slow;
    assert.match((await scene.refusal(secret)).message, /revoked/);
  });

  test('known keys work while the store cannot be read, and somebody is told', async () => {
    const told: string[] = [];
    const database = memory();
    const scene = new Scene({ onError: ({ message }) => told.push(message) }, database);
    const { secret } = await scene.store.create({ name: 'a' });
    await scene.ring.refresh();
    await scene.admit(bearer(secret));
    database.close();
    await scene.ring.refresh();
    assert.equal((await scene.admit(bearer(secret))).name, 'a');
    assert.equal(told.length, 1);
    assert.ok(!told.join(' ').includes(secret.slice(3, 10)));
  });
});

describe('the last use', () => {
  test('is written at most once a minute for each key, whatever its secret', async () => {
    const scene = new Scene();
    const { key, secret } = await scene.store.create({ name: 'a' });
    const { secret: second } = await scene.store.rotate('a', NEVER);
    for (let second10 = 0; second10 < 18; second10++) {
      scene.time = START + second10 * 10_000;
      await scene.admit(bearer(secret));
      await scene.admit(bearer(second));
      await scene.ring.refresh();
    }
    const times = scene.store.uses.map((uses) => uses.get(key.id));
    assert.deepEqual(times, [START, START + 60_000, START + 120_000]);
    assert.equal((await scene.store.list())[0]?.lastUsedAt, START + 120_000);
  });

  test('of a key that is refused is not written; closing writes what is left', async () => {
    const scene = new Scene();
    const good = await scene.store.create({ name: 'good' });
    const bad = await scene.store.create({ name: 'bad' });
    await scene.store.revoke('bad');
    await scene.admit(bearer(good.secret));
    await scene.refusal(bad.secret);
    await scene.ring.close();
    const used = (await scene.store.list()).map(({ lastUsedAt }) => lastUsedAt);
    assert.deepEqual(used, [START, undefined]);
  });
});

describe('whatever happens to keys', () => {
  const steps = fc.array(
    fc.record({
      act: fc.constantFrom('create', 'revoke', 'rotate', 'grace', 'refresh', 'wait', 'call'),
      which: fc.nat(20),
    }),
    { maxLength: 40 },
  );

  test('a secret is its own key’s or nobody’s', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const scene = new Scene();
        const issued: { name: string; secret: string; until: number }[] = [];
        const end = (name: string, until: number): void => {
          for (const one of issued) if (one.name === name) one.until = Math.min(one.until, until);
        };
        for (const { act, which } of all) {
          const one = issued[which % Math.max(1, issued.length)];
          if (act === 'create') {
            const name = `key-${issued.length}`;
            const { secret } = await scene.store.create({ name });
            issued.push({ name, secret, until: Infinity });
          } else if (act === 'wait') scene.time += which * 1000;
          else if (act === 'refresh') await scene.ring.refresh();
          else if (one === undefined) continue;
          else if (act === 'call') {
            const admitted = await scene.admit(bearer(one.secret)).catch(() => undefined);
            assert.ok(admitted === undefined || admitted.name === one.name);
          } else if (act === 'revoke') {
            await scene.store.revoke(one.name);
            end(one.name, scene.time);
          } else {
            const graceMs = act === 'grace' ? 5000 : 0;
            const made = await scene.store.rotate(one.name, graceMs).catch(() => undefined);
            if (made === undefined) continue;
            end(one.name, scene.time + graceMs);
            issued.push({ name: one.name, secret: made.secret, until: Infinity });
          }
        }
        await scene.ring.refresh();
        for (const { name, secret, until } of issued) {
          const admitted = await scene.admit(bearer(secret)).catch(() => undefined);
          assert.equal(admitted?.name, scene.time < until ? name : undefined);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function temporaryFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-ring-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'ledger.db');
}
