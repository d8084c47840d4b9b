/** The questions of banking77, read from the folder of shared data; they are no part of this project. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A customer's question and its intent. */
export interface Labelled {
  readonly text: string;
  readonly intent: string;
}

/** Where the file is looked for. */
export const BANKING = join(import.meta.dirname, '../../../shared/data/traffic/banking77.csv');

/** All questions; undefined where the file is absent. */
export function bankingQuestions(file: string): Labelled[] | undefined {
  if (!existsSync(file)) return undefined;
  const rows = [
    ...readFileSync(file, 'utf8').matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*)),([a-zA-Z_?]+)\r?\n/g),
  ];
  return rows.slice(1).map(([, quoted, plain = '', intent = '']) => ({
    text: (quoted?.replaceAll('""', '"') ?? plain).replaceAll(/\s+/g, ' ').trim(),
    intent,
  }));
}
