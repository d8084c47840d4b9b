/** Builds `dist/`: JavaScript, types and maps by tsc, and the data files beside them. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);
for (const file of globSync('**/*.{json,sql}', { cwd: join(root, 'src') })) {
  if (!file.includes('__fixtures__')) cpSync(join(root, 'src', file), join(dist, file));
}
chmodSync(join(dist, 'cli/bin.js'), 0o755);
