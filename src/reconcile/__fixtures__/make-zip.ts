/** Archives for tests: what any zip tool writes, without its dates and checksums, which nobody reads here. */
import { deflateRawSync } from 'node:zlib';

interface Making {
  readonly method?: 'stored' | 'deflated';
  readonly comment?: string;
}

/** A ZIP archive of texts, by file name. */
export function makeZip(files: Readonly<Record<string, string>>, making: Making = {}): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const { fields, data } = entryOf(text, making.method === 'deflated', Buffer.from(name).length);
    const local = Buffer.concat([bytes(4, 0x04034b50), fields, Buffer.from(name), data]);
    centrals.push(
      bytes(4, 0x02014b50),
      bytes(2, 20),
      fields,
      Buffer.alloc(10),
      bytes(4, offset),
      Buffer.from(name),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const count = Object.keys(files).length;
  const comment = Buffer.from(making.comment ?? '');
  const end = [
    bytes(4, 0x06054b50),
    bytes(4, 0),
    bytes(2, count),
    bytes(2, count),
    bytes(4, directory.length),
    bytes(4, offset),
    bytes(2, comment.length),
    comment,
  ];
  return Buffer.concat([...locals, directory, ...end]);
}

/** The fields that local and central headers share, without the extra field: version to lengths. */
function entryOf(
  text: string,
  deflated: boolean,
  nameLength: number,
): { readonly fields: Buffer; readonly data: Buffer } {
  const plain = Buffer.from(text);
  const data = deflated ? deflateRawSync(plain) : plain;
  const fields = Buffer.concat([
    bytes(2, 20),
    bytes(2, 0x800),
    bytes(2, deflated ? 8 : 0),
    bytes(4, 0),
    bytes(4, 0),
    bytes(4, data.length),
    bytes(4, plain.length),
    bytes(2, nameLength),
    bytes(2, 0),
  ]);
  return { fields, data };
}

function bytes(size: number, value: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.writeUIntLE(value, 0, size);
  return buffer;
}
