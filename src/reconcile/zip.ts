/**
 * The files in a ZIP archive (PKWARE APPNOTE 6.3), as far as exports need it: stored or deflated, one
 * part, not encrypted, below 4 GB.
 *
 * @module
 */
import { inflateRawSync } from 'node:zlib';
import { FarthingError } from '../errors.ts';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

const LOCAL_HEADER = 0x04_03_4b_50;
const CENTRAL_HEADER = 0x02_01_4b_50;
const END_RECORD = 0x06_05_4b_50;
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xff_ff;
const STORED = 0;
const DEFLATED = 8;
/** Larger than any usage export; an archive that claims more is not unpacked. */
const MOST_BYTES = 512 * 1024 ** 2;

/** Whether bytes begin as an archive does. */
export function isZip(bytes: Buffer): boolean {
  return bytes.length >= END_LENGTH && bytes.readUInt32LE(0) === LOCAL_HEADER;
}

/** All files of an archive. Throws `invalid_value` for one that is damaged or written in another way. */
export function readZip(bytes: Buffer, file: string): ZipEntry[] {
  try {
    const end = findEnd(bytes);
    const entries: ZipEntry[] = [];
    let at = bytes.readUInt32LE(end + 16);
    for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
      if (bytes.readUInt32LE(at) !== CENTRAL_HEADER) throw new RangeError('a header is missing');
      const nameLength = bytes.readUInt16LE(at + 28);
      const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
      if (!name.endsWith('/')) entries.push({ name, bytes: content(bytes, at) });
      at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    }
    return entries;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${file} cannot be unpacked (${why}); unpack it and give the files in it.`;
    throw new FarthingError('invalid_value', message, { cause });
  }
}

function findEnd(bytes: Buffer): number {
  const earliest = Math.max(0, bytes.length - END_LENGTH - LONGEST_COMMENT);
  for (let at = bytes.length - END_LENGTH; at >= earliest; at--) {
    if (bytes.readUInt32LE(at) === END_RECORD) return at;
  }
  throw new RangeError('its directory is missing');
}

/** The content of the file that a central header describes. */
function content(bytes: Buffer, header: number): Buffer {
  if ((bytes.readUInt16LE(header + 8) & 1) !== 0) throw new RangeError('it is encrypted');
  const method = bytes.readUInt16LE(header + 10);
  const packed = bytes.readUInt32LE(header + 20);
  const local = bytes.readUInt32LE(header + 42);
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  if (start + packed > bytes.length) throw new RangeError('it is cut off');
  const data = bytes.subarray(start, start + packed);
  if (method === STORED) return data;
  if (method === DEFLATED) return inflateRawSync(data, { maxOutputLength: MOST_BYTES });
  throw new RangeError(`compression method ${method}`);
}
