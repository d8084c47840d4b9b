/** What every place for claims must do. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Claims } from '../../cache/claims.ts';

/** Declares the suite's tests. `open` gives a place with no claims in it, as two processes see it. */
export function claimsContract(
  name: string,
  open: () => Promise<{
    readonly one: Claims;
    readonly other: Claims;
    readonly close: () => Promise<void>;
  }>,
): void {
  const mine = { token: 'mine', ms: 60_000 };
  const theirs = { token: 'theirs', ms: 60_000 };

  test(`${name}: of two who want a claim one has it, until it is given up`, async () => {
    const { one, other, close } = await open();
    const taken = await Promise.all([one.take('k', mine), other.take('k', theirs)]);
    assert.equal(taken.filter(Boolean).length, 1);
    const [holder, waiting] = taken[0] ? [one, other] : [other, one];
    const [own, foreign] = taken[0] ? [mine, theirs] : [theirs, mine];
    assert.equal(await waiting.take('another', foreign), true);
    await waiting.drop('k', foreign);
    assert.equal(await waiting.take('k', foreign), false);
    await holder.drop('k', own);
    assert.equal(await waiting.take('k', foreign), true);
    await close();
  });

  test(`${name}: a claim runs out, unless it is renewed by who has it`, async () => {
    const { one, other, close } = await open();
    assert.equal(await one.take('gone', { ...mine, ms: 1 }), true);
    while (!(await other.take('gone', theirs)))
      await new Promise((resolve) => setTimeout(resolve, 5));
    // What ran out is another's by now.
    await one.renew('gone', { ...mine, ms: 1 });
    await one.drop('gone', mine);
    assert.equal(await one.take('gone', mine), false);

    assert.equal(await one.take('kept', { ...mine, ms: 2000 }), true);
    await one.renew('kept', mine);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    assert.equal(await other.take('kept', theirs), false);
    await close();
  });
}
