/**
 * From frames (events, or one JSON body) to the writes of a socket: keep-alives, cuts, compression, sizes.
 *
 * @module
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { Cut, Delivery, Exchange, HeaderLines, Piece } from './behaviour.ts';

/** A body before it is delivered. */
export interface Body {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly frames: readonly Buffer[];
}

/** The exchange that delivers a body. Throws where the body has no place to be cut. */
export function deliver(body: Body, delivery: Delivery): Exchange {
  const { cut, gzip = false, end, delay = 0 } = delivery;
  const whole = cut === undefined ? body.frames : cutOff(body.frames, cut);
  const frames = gzip ? compress(whole, cut === undefined) : whole;
  const writes = split(frames, delivery);
  const pieces = writes.flatMap((write, index): Piece[] =>
    delivery.pause !== undefined && index > 0 ? [{ pause: delivery.pause }, write] : [write],
  );
  return {
    status: body.status,
    delay,
    headers: {
      ...body.headers,
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      ...delivery.headers,
    },
    // The empty first piece lets a bad end come after the headers.
    pieces: ['', ...pieces, ...(end === undefined ? [] : [{ end }])],
  };
}

function cutOff(frames: readonly Buffer[], cut: Cut): Buffer[] {
  const bytes = Buffer.concat(frames);
  return [...upTo(frames, typeof cut === 'number' ? cut : offsetOf(frames, bytes, cut))];
}

function* upTo(frames: readonly Buffer[], length: number): Generator<Buffer> {
  let left = length;
  for (const frame of frames) {
    if (left <= 0) return;
    yield frame.subarray(0, left);
    left -= frame.length;
  }
}

function offsetOf(
  frames: readonly Buffer[],
  bytes: Buffer,
  cut: 'character' | 'event' | 'json',
): number {
  if (cut === 'character') {
    // The first byte of a character of several bytes is 11xxxxxx.
    const first = bytes.findIndex((byte) => byte >= 0xc0);
    if (first === -1) throw new Error('There is no character of several bytes to cut.');
    return first + 1;
  }
  const middle = Math.floor(frames.length / 2);
  const frame = frames[middle] ?? Buffer.alloc(0);
  const start = frames.slice(0, middle).reduce((sum, { length }) => sum + length, 0);
  if (cut === 'json') return start + Math.ceil(frame.length / 2);
  if (!frame.subarray(-2).equals(Buffer.from('\n\n'))) {
    throw new Error('There is no event to cut: the body is no stream.');
  }
  return start + frame.length - 2;
}

/** Deflate fragments that each end at a byte, so that every event can be read as it arrives. */
function compress(frames: readonly Buffer[], complete: boolean): Buffer[] {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
  const fragments = frames.map((frame) =>
    deflateRawSync(frame, { finishFlush: constants.Z_SYNC_FLUSH }),
  );
  const [first = Buffer.alloc(0), ...rest] = fragments;
  const compressed = [Buffer.concat([header, first]), ...rest];
  return complete ? [...compressed, trailer(Buffer.concat(frames))] : compressed;
}

/** An empty last block, the checksum, the length: RFC 1952, 2.3.1. */
function trailer(bytes: Buffer): Buffer {
  const end = Buffer.alloc(10);
  end.writeUInt16BE(0x0300, 0);
  end.writeUInt32LE(crc32(bytes), 2);
  end.writeUInt32LE(bytes.length % 2 ** 32, 6);
  return end;
}

function split(
  frames: readonly Buffer[],
  { bytesPerWrite, splitAt }: Pick<Delivery, 'bytesPerWrite' | 'splitAt'>,
): readonly Buffer[] {
  if (bytesPerWrite === undefined && splitAt === undefined) return frames;
  const bytes = Buffer.concat(frames);
  const size = bytesPerWrite === undefined ? Infinity : Math.max(1, Math.floor(bytesPerWrite));
  const ends = [...(splitAt ?? []), bytes.length];
  const writes: Buffer[] = [];
  let start = 0;
  for (const end of ends) {
    while (start < Math.min(end, bytes.length)) {
      const next = Math.min(start + size, end, bytes.length);
      writes.push(bytes.subarray(start, next));
      start = next;
    }
  }
  return writes;
}
