/**
 * What every key store must do. Run by each implementation's test.
 *
 * @module
 */
import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isWellFormed, secretHash } from '../../stores/key-secret.ts';
import type { KeyStore } from '../../stores/key-store.ts';

const START = 1_800_000_000_000;
const HOUR = 3_600_000;

/** A clock that stands still until it is set. */
function clock(): { now: () => number; set: (ms: number) => void } {
  let time = START;
  return { now: () => time, set: (ms) => void (time = ms) };
}

/** Runs the suite. `create` gives an empty store that goes by the given clock, in ms since the epoch. */
export function keyStoreContract(name: string, create: (now: () => number) => KeyStore): void {
  const fresh = (): KeyStore => create(() => START);
  describe(`${name} keeps keys`, () => {
    describe('creating', () => testCreating(fresh));
    describe('names', () => testNames(fresh));
    describe('revoking', () => testRevoking(create));
    describe('rotating', () => testRotating(create));
    describe('noticing changes', () => testChanges(fresh));
  });
}

function testCreating(fresh: () => KeyStore): void {
  test('a key is read back as it was created, with everything and with nothing', async () => {
    const store = fresh();
    const full = await store.create({
      name: 'team-a',
      models: ['gpt-*', 'ünï "quoted"'],
      tasks: ['draft'],
      tags: { feature: 'x', ['__proto__']: 'y' },
      expiresAt: START + 1,
    });
    const bare = await store.create({ name: 'team-b' });
    assert.deepEqual(await store.list(), [full.key, bare.key]);
    assert.deepEqual(full.key, {
      id: full.key.id,
      name: 'team-a',
      prefix: full.secret.slice(0, 7),
      models: ['gpt-*', 'ünï "quoted"'],
      tasks: ['draft'],
      tags: { feature: 'x', ['__proto__']: 'y' },
      createdAt: START,
      expiresAt: START + 1,
    });
    assert.deepEqual(bare.key, {
      id: bare.key.id,
      name: 'team-b',
      prefix: bare.secret.slice(0, 7),
      models: undefined,
      tasks: undefined,
      tags: {},
      createdAt: START,
    });
    assert.match(bare.key.id, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test('a secret is found by its hash, and only by that', async () => {
    const store = fresh();
    const { key, secret } = await store.create({ name: 'a' });
    assert.ok(isWellFormed(secret));
    assert.deepEqual(await store.find(secretHash(secret)), { key, validUntil: undefined });
    for (const other of [secret, key.id, key.name, secretHash(`${secret} `), '']) {
      assert.equal(await store.find(other), undefined);
    }
  });

  test('an expiry that has passed, and limits that allow nothing, are refused', async () => {
    const store = fresh();
    const wrong = [
      { expiresAt: START },
      { expiresAt: Number.NaN },
      { expiresAt: 9e15 },
      { models: [] },
      { models: [''] },
      { tasks: [' '] },
      { tags: { '': 'x' } },
      { tags: { x: '' } },
      { tags: { x: 'y'.repeat(257) } },
    ];
    for (const more of wrong) {
      await assert.rejects(store.create({ name: 'a', ...more }), { code: 'invalid_value' });
    }
    assert.deepEqual(await store.list(), []);
  });
}

function testNames(fresh: () => KeyStore): void {
  test('a name is given once for ever', async () => {
    const store = fresh();
    await store.create({ name: 'a' });
    await assert.rejects(store.create({ name: 'a' }), {
      code: 'invalid_value',
      message: /taken\./,
    });
    await store.revoke('a');
    await assert.rejects(store.create({ name: 'a' }), {
      code: 'invalid_value',
      message: /"a" is taken by a revoked key.* once for ever, because the ledger/,
    });
    assert.equal((await store.list()).length, 1);
  });

  test('names have few characters, and look like no id', async () => {
    const store = fresh();
    await store.create({ name: 'a.B_c:1@x-y' });
    const { key } = await store.create({ name: 'x'.repeat(64) });
    for (const name of ['', ' ', 'a b', 'ä', 'x'.repeat(65), 'a\n', 'a/b', key.id]) {
      await assert.rejects(store.create({ name }), { code: 'invalid_value' });
    }
  });

  test('a secret given for a name is refused and not repeated', async () => {
    const store = fresh();
    const { secret } = await store.create({ name: 'a' });
    const acts = [
      store.create({ name: secret }),
      store.revoke(secret),
      store.rotate(` ${secret}`),
      store.revoke(secret.slice(0, 20)),
    ];
    for (const result of await Promise.allSettled(acts)) {
      assert.equal(result.status, 'rejected');
      assert.equal(result.reason.code, 'invalid_value');
      assert.ok(!result.reason.message.includes(secret.slice(3, 12)));
    }
  });

  test('an unknown name is told with what is near', async () => {
    const store = fresh();
    await store.create({ name: 'team-a' });
    await assert.rejects(store.revoke('team_a'), {
      code: 'invalid_value',
      message: /no key "team_a"\. Did you mean "team-a"\?/,
    });
    await assert.rejects(store.rotate('zzzzzz'), { message: /farthing keys list/ });
  });
}

function testRevoking(create: (now: () => number) => KeyStore): void {
  test('ends a key for good, by name or id, and can be said twice', async () => {
    const time = clock();
    const store = create(time.now);
    const one = await store.create({ name: 'one' });
    const two = await store.create({ name: 'two' });
    time.set(START + 5);
    assert.equal((await store.revoke('one')).revokedAt, START + 5);
    time.set(START + 9);
    assert.equal((await store.revoke(one.key.id)).revokedAt, START + 5);
    assert.equal((await store.find(secretHash(one.secret)))?.key.revokedAt, START + 5);
    assert.equal((await store.find(secretHash(two.secret)))?.key.revokedAt, undefined);
    assert.equal((await store.revoke(two.key.id)).name, 'two');
  });
}

function testRotating(create: (now: () => number) => KeyStore): void {
  test('the old secret ends at once', async () => {
    const store = create(() => START);
    const old = await store.create({ name: 'a', tags: { x: 'y' } });
    const issued = await store.rotate('a');
    assert.notEqual(issued.secret, old.secret);
    assert.deepEqual(issued.key, {
      ...old.key,
      prefix: issued.secret.slice(0, 7),
      rotatedAt: START,
    });
    assert.equal((await store.find(secretHash(old.secret)))?.validUntil, START);
    assert.deepEqual(await store.find(secretHash(issued.secret)), {
      key: issued.key,
      validUntil: undefined,
    });
  });

  test('or after a grace, which no later rotation prolongs', async () => {
    const time = clock();
    const store = create(time.now);
    const { key, secret: first } = await store.create({ name: 'a' });
    const { secret: second } = await store.rotate(key.id, HOUR);
    const endOf = async (secret: string): Promise<number | undefined> =>
      (await store.find(secretHash(secret)))?.validUntil;
    assert.equal(await endOf(first), START + HOUR);
    time.set(START + 1000);
    const { secret: third } = await store.rotate('a', 10 * HOUR);
    assert.equal(await endOf(first), START + HOUR);
    assert.equal(await endOf(second), START + 1000 + 10 * HOUR);
    await store.rotate('a');
    for (const secret of [first, second, third]) assert.equal(await endOf(secret), START + 1000);
  });

  test('a key that has ended gets no new secret', async () => {
    const time = clock();
    const store = create(time.now);
    await store.create({ name: 'revoked' });
    await store.create({ name: 'expired', expiresAt: START + 1 });
    await store.revoke('revoked');
    time.set(START + 1);
    await assert.rejects(store.rotate('revoked'), {
      code: 'invalid_value',
      message: /was revoked/,
    });
    await assert.rejects(store.rotate('expired'), {
      code: 'invalid_value',
      message: /has expired/,
    });
  });

  test('any order of rotations leaves exactly one secret without an end', async () => {
    const graces = fc.array(fc.nat(2 * HOUR), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(graces, async (all) => {
        const store = create(() => START);
        const secrets = [(await store.create({ name: 'a' })).secret];
        for (const grace of all) secrets.push((await store.rotate('a', grace)).secret);
        const ends = await Promise.all(
          secrets.map(async (secret) => (await store.find(secretHash(secret)))?.validUntil),
        );
        const least = (from: number): number => Math.min(...all.slice(from)) + START;
        assert.deepEqual(
          ends,
          secrets.map((_, at) => (at === all.length ? undefined : least(at))),
        );
      }),
      { numRuns: 30 },
    );
  });
}

function testChanges(fresh: () => KeyStore): void {
  test('every change makes another version; a refusal, reading and use do not', async () => {
    const store = fresh();
    const seen = [await store.version()];
    const { key, secret } = await store.create({ name: 'a' });
    seen.push(await store.version());
    await store.rotate('a');
    seen.push(await store.version());
    await store.revoke('a');
    seen.push(await store.version());
    assert.equal(new Set(seen).size, seen.length);
    await assert.rejects(store.create({ name: 'a' }));
    await assert.rejects(store.revoke('none'));
    await store.markUsed(new Map([[key.id, START]]));
    await store.find(secretHash(secret));
    await store.list();
    assert.equal(await store.version(), seen.at(-1));
  });

  test('the last use is kept, and never goes back', async () => {
    const store = fresh();
    const { key } = await store.create({ name: 'a' });
    await store.create({ name: 'b' });
    for (const at of [5, 9, 7]) {
      await store.markUsed(
        new Map([
          [key.id, START + at],
          ['nobody', 1],
        ]),
      );
    }
    const [first, second] = await store.list();
    assert.equal(first?.lastUsedAt, START + 9);
    assert.equal(second?.lastUsedAt, undefined);
  });
}
