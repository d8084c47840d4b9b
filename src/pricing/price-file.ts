/**
 * The user's price file: what `farthing prices update` took from newer lists.
 *
 * @module
 */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FarthingError } from '../errors.ts';
import { readOwnList } from './lists/own-list.ts';
import { type PriceList, type PriceRow, formatPriceList, sortRows } from './price-list.ts';
import { youngestOf } from './price-succession.ts';

/** Reads a price file; undefined where there is none. Throws `invalid_config` for one that is wrong. */
export function readPriceFile(path: string): Pick<PriceList, 'rows'> | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  try {
    return { rows: readOwnList(JSON.parse(text), { source: basename(path), asOf: '' }) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError(
      'invalid_config',
      `The price file ${path} is wrong: ${reason}\n` +
        'Mend it, or remove it and run "farthing prices update" again.',
      { cause },
    );
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new FarthingError('invalid_config', `Cannot read the price file ${path}.`, { cause });
  }
}

/**
 * Writes a price file in one step: whoever reads it meanwhile sees the old one or the new one. Throws
 * `invalid_value` where that is not possible; the old file is then still there.
 */
export function writePriceFile(path: string, rows: readonly PriceRow[]): void {
  const text = formatPriceList({
    _source: {
      list: 'farthing prices update; each row names the list that it is from',
      license:
        'models.dev: MIT License, Copyright (c) 2025 spin.dev. LiteLLM: MIT License, Copyright (c) 2023 Berri AI.',
      asOf: youngestOf(rows),
    },
    rows: sortRows(rows),
  });
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = openSync(draft, 'w');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FarthingError('invalid_value', `Cannot write the price file ${path}: ${reason}`, {
      cause,
    });
  }
}
