/** Writes `farthing.schema.json`, which editors check farthing.yaml by. `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fileSchema } from '../src/config/schema.ts';

const file = join(import.meta.dirname, '../farthing.schema.json');
const schema = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' });
const text = `${JSON.stringify({ ...schema, title: 'Farthing' }, undefined, 2)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('farthing.schema.json is out of date: npm run schema:build');
    process.exitCode = 1;
  }
} else writeFileSync(file, text);
