/**
 * Secrets of virtual keys: `fk-`, 43 characters of chance, 4 of checksum.
 *
 * @module
 */
import { hash, randomBytes } from 'node:crypto';

/** What every secret begins with. */
export const SECRET_MARK = 'fk-';

/** 256 bits as base64url. */
const CHANCE_LENGTH = 43;
const CHECKSUM_LENGTH = 4;
const BODY_LENGTH = SECRET_MARK.length + CHANCE_LENGTH;

/** Characters of a secret. */
export const SECRET_LENGTH = BODY_LENGTH + CHECKSUM_LENGTH;

/** Characters shown in lists: 24 of the 256 bits, which helps nobody to guess the rest. */
const PREFIX_LENGTH = SECRET_MARK.length + 4;

/** A new secret. */
export function newSecret(): string {
  const body = SECRET_MARK + randomBytes(32).toString('base64url');
  return body + checksum(body);
}

/** The part of a secret that may be shown. */
export function secretPrefix(secret: string): string {
  return secret.slice(0, PREFIX_LENGTH);
}

/**
 * What is kept of a secret: SHA-256, base64url. Slow, salted hashes protect what people think up, by making
 * each guess dear. Here a guess hits one of 2^256 secrets: no speed of guessing helps, equal secrets do not
 * occur, and every call would pay for the slowness. Secrets are compared by looking up their hash, so
 * that the time it takes tells nothing about how much of a secret is right.
 */
export function secretHash(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** True for a text that means to be a secret of ours, right or wrong. Such a text is never shown or kept. */
export function looksLikeSecret(text: string): boolean {
  return text.trim().startsWith(SECRET_MARK);
}

/** True for a secret that somebody may have been given; false for one that is mistyped or cut. */
export function isWellFormed(secret: string): boolean {
  return (
    secret.length === SECRET_LENGTH &&
    /^fk-[\w-]+$/.test(secret) &&
    checksum(secret.slice(0, BODY_LENGTH)) === secret.slice(BODY_LENGTH)
  );
}

/**
 * CRC-24 of OpenPGP (RFC 9580, section 6.1) as four characters. A cyclic code of 24 bits finds every
 * error within 24 neighbouring bits, so one wrong character or two swapped neighbours are always found;
 * a cut hash would only find them with a high chance.
 */
function checksum(text: string): string {
  let crc = 0xb704ce;
  for (let index = 0; index < text.length; index++) {
    crc ^= text.charCodeAt(index) << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return Buffer.from([crc >> 16, (crc >> 8) & 255, crc & 255]).toString('base64url');
}
