/**
 * A price list from a file, in any of the forms that are understood.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { FarthingError } from '../../errors.ts';
import { type JsonObject, asObject } from '../../json.ts';
import { youngestOf } from '../price-succession.ts';
import { absurdities } from './absurd.ts';
import { readLiteLlm } from './litellm.ts';
import { readModelsDev } from './models-dev.ts';
import { readOwnList } from './own-list.ts';
import { packedAt, parseList, type ReadList } from './read-list.ts';

/** Whose form a list has. */
export type ListForm = 'farthing' | 'models.dev' | 'litellm';

/** Which file, and what is known of it. */
export interface ListFile {
  /** Plain or gzipped JSON. */
  readonly path: string;
  readonly form: ListForm;
  /** ISO date of which the list is. @default what the list says of itself, else the file's own date */
  readonly asOf?: string | undefined;
}

/** A list that may be taken: nothing in it is absurd. */
export interface TakenList extends Pick<ReadList, 'rows' | 'skipped' | 'unread'> {
  /** ISO date of which the list is; that of its youngest row where rows have dates of their own. */
  readonly asOf: string;
  /** What tells that date: the caller, the list, or nothing better than the file. */
  readonly datedBy: 'caller' | 'list' | 'file';
}

/**
 * Reads a list. Throws `invalid_value` for a file that cannot be read, is of another form, or has a price
 * that cannot be right, with a line for each such price.
 */
export function takeList({ path, form, asOf }: ListFile): TakenList {
  const bytes = readBytes(path);
  try {
    const taken = readers[form](parseList(bytes), { path, asOf, fileDate: dateOf(path, bytes) });
    const problems = absurdities(taken.rows);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return taken;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint =
      form === 'farthing' && cause instanceof Error && reason.startsWith('rows:')
        ? '\nFor another list than Farthing’s own say so: --from-models-dev FILE or --from-litellm FILE.'
        : '';
    throw new FarthingError('invalid_value', `The list ${path} was refused: ${reason}${hint}`, {
      cause,
    });
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FarthingError('invalid_value', `Cannot read the list ${path}.`, { cause });
  }
}

/** The day of a file: that of what is packed in it, else that of its last change. */
function dateOf(path: string, bytes: Uint8Array): string {
  return new Date(packedAt(bytes) ?? statSync(path).mtimeMs).toISOString().slice(0, 10);
}

interface Dates {
  readonly path: string;
  readonly asOf: string | undefined;
  readonly fileDate: string;
}

const readers: Readonly<Record<ListForm, (list: JsonObject, dates: Dates) => TakenList>> = {
  farthing: (list, { path, asOf, fileDate }) => {
    const source = asObject(list['_source']) ?? {};
    const dated = asOf === undefined ? list : { ...list, _source: { ...source, asOf } };
    const rows = readOwnList(dated, { source: basename(path), asOf: fileDate });
    const told = source['asOf'] === undefined ? 'file' : 'list';
    return {
      rows,
      skipped: [],
      unread: {},
      asOf: youngestOf(rows),
      datedBy: asOf === undefined ? told : 'caller',
    };
  },
  // Its entries have dates, and with thousands of them the youngest is the list's own to within days.
  'models.dev': (list, { asOf, fileDate }) => {
    const { youngest } = readModelsDev(list);
    const day = asOf ?? (youngest === '' ? fileDate : youngest);
    const datedBy = asOf === undefined ? (youngest === '' ? 'file' : 'list') : 'caller';
    return { ...readModelsDev(list, day), asOf: day, datedBy };
  },
  litellm: (list, { asOf, fileDate }) => {
    const day = asOf ?? fileDate;
    return {
      ...readLiteLlm(list, day),
      asOf: day,
      datedBy: asOf === undefined ? 'file' : 'caller',
    };
  },
};
