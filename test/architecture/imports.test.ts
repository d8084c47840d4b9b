/**
 * Imports point one way, floor by floor. A type may be named anywhere (it leaves no trace at run time);
 * what is imported as a value must come from the same floor's own folder or from a floor below.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SOURCE = join(import.meta.dirname, '../../src');

/** Lowest first; names on one floor may not import each other, unless listed in BESIDE. */
const FLOORS: readonly (readonly string[])[] = [
  ['json.ts', 'errors.ts', 'version.ts', 'recent-map.ts', 'bytes-map.ts', 'glob.ts'],
  ['departure.ts'],
  ['call.ts'],
  ['pricing'],
  ['stores'],
  ['access'],
  ['dialects', 'export'],
  ['checks'],
  ['config', 'providers/hosts.ts'],
  ['accounts', 'policy', 'cache'],
  ['providers', 'alerts'],
  ['semantic'],
  ['stages'],
  ['pipeline.ts', 'quote'],
  ['read-call.ts'],
  ['gateway.ts'],
  ['server', 'sandbox', 'telemetry', 'reconcile'],
  ['index.ts', 'testing'],
  ['cli'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

function floorOf(file: string): number {
  const exact = FLOORS.findIndex((names) => names.includes(file));
  if (exact !== -1) return exact;
  return FLOORS.findIndex((names) => names.includes(file.split('/')[0] ?? ''));
}

function valueImports(): Import[] {
  return globSync('**/*.ts', { cwd: SOURCE })
    .filter((file) => !file.endsWith('.test.ts') && !file.startsWith('testing/contracts/'))
    .flatMap((from) => {
      const text = readFileSync(join(SOURCE, from), 'utf8');
      const statements = text.matchAll(
        /^\s*(?:import|export)\s+(?!type\b)[^;]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm,
      );
      return [...statements].map((found) => {
        const path = found[1] ?? found[2] ?? '';
        return { from, to: relative(SOURCE, join(SOURCE, dirname(from), path)) };
      });
    });
}

test('every source file stands on a floor', () => {
  const homeless = globSync('**/*.ts', { cwd: SOURCE }).filter(
    (file) => floorOf(file.replace('.test.ts', '.ts')) === -1,
  );
  assert.deepEqual(homeless, []);
});

test('imports point down', () => {
  const wrong = valueImports().filter(({ from, to }) => {
    const sameFolder = from.includes('/') && from.split('/')[0] === to.split('/')[0];
    return !sameFolder && floorOf(to) >= floorOf(from);
  });
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} -> ${to}`),
    [],
  );
});

test('the check sees imports at all', () => {
  assert.ok(valueImports().length > 50);
});
