import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  isWellFormed,
  looksLikeSecret,
  newSecret,
  SECRET_LENGTH,
  secretHash,
  secretPrefix,
} from './key-secret.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const secrets = fc.constant(0).map(newSecret);

test('a secret has its form, and no two are alike', () => {
  const made = Array.from({ length: 500 }, newSecret);
  assert.equal(new Set(made).size, 500);
  for (const secret of made) {
    assert.match(secret, /^fk-[\w-]{47}$/);
    assert.equal(secret.length, SECRET_LENGTH);
    assert.ok(isWellFormed(secret) && looksLikeSecret(secret));
    assert.equal(secretPrefix(secret), secret.slice(0, 7));
  }
});

test('every wrong character is found, wherever it stands', () => {
  const secret = newSecret();
  for (let at = 0; at < secret.length; at++) {
    for (const letter of `${ALPHABET} é\0`) {
      if (letter === secret[at]) continue;
      assert.ok(!isWellFormed(secret.slice(0, at) + letter + secret.slice(at + 1)));
    }
  }
});

test('neighbours that are swapped, characters that are left out, doubled or added are found', () => {
  fc.assert(
    fc.property(secrets, fc.nat(SECRET_LENGTH - 2), (secret, at) => {
      const [before, one, two, after] = [
        secret.slice(0, at),
        secret.charAt(at),
        secret.charAt(at + 1),
        secret.slice(at + 2),
      ];
      if (one !== two) assert.ok(!isWellFormed(before + two + one + after));
      assert.ok(!isWellFormed(before + two + after));
      assert.ok(!isWellFormed(before + one + one + two + after));
      assert.ok(!isWellFormed(`${secret}${one}`));
      assert.ok(!isWellFormed(secret.slice(0, at)));
    }),
  );
});

test('the checksum is that of RFC 9580', () => {
  // Computed by another program, whose sum of "123456789" is 21CF02, the check value of CRC-24/OPENPGP.
  assert.ok(isWellFormed(`fk-${'A'.repeat(43)}oo36`));
  assert.ok(isWellFormed('fk-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQfotU'));
});

test('the hash is SHA-256', () => {
  const secret = newSecret();
  const expected = createHash('sha256').update(secret).digest('base64url');
  assert.equal(secretHash(secret), expected);
});
