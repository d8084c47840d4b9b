/**
 * Price lists as files: what a reader makes of one, and how its bytes become JSON.
 *
 * @module
 */
import { gunzipSync } from 'node:zlib';
import { type Json, type JsonObject, isObject } from '../../json.ts';
import type { PriceRow } from '../price-list.ts';

/** What was read, and what was left out with the reason. */
export interface ReadList {
  readonly rows: readonly PriceRow[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** Prices of things that are not tokens, by the list's own name of the field, with how many models have it. */
  readonly unread: Readonly<Record<string, number>>;
  /** ISO date of the youngest entry; `""` where the entries have no dates. */
  readonly youngest: string;
}

/** True for bytes that start as gzip does (RFC 1952). */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** A list from the bytes of its file, gzipped or plain. Throws an Error where they are no JSON object. */
export function parseList(bytes: Uint8Array): JsonObject {
  const text = Buffer.from(isGzip(bytes) ? gunzipSync(bytes) : bytes).toString('utf8');
  const value = JSON.parse(text) as Json;
  if (!isObject(value)) throw new Error('The price list is no JSON object.');
  return value;
}

/**
 * The time that a gzipped file carries of what is inside it, in ms since the epoch; undefined for a plain
 * file and for one without.
 */
export function packedAt(bytes: Uint8Array): number | undefined {
  const seconds = isGzip(bytes) && bytes.length >= 8 ? Buffer.from(bytes).readUInt32LE(4) : 0;
  return seconds === 0 ? undefined : seconds * 1000;
}
