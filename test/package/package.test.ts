/**
 * The package as a stranger gets it: packed, installed elsewhere from the tarball, run.
 */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** A consumer must not see the repository's own Node or node_modules, only those of this process. */
const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
  OPENAI_API_KEY: '',
};

describe('the package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'farthing-package-'));
  let packed: Packed;
  let bin: string;

  before(() => {
    const npm = (words: readonly string[], cwd: string): string =>
      execFileSync('npm', words, {
        cwd,
        env: environment,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts')]);
    const said = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', directory], ROOT);
    const listed = JSON.parse(said) as Packed[] | Record<string, Packed>;
    const [only] = Object.values(listed);
    assert.ok(only);
    packed = only;
    writeFileSync(
      join(directory, 'package.json'),
      '{"name":"consumer","private":true,"type":"module"}',
    );
    npm(['install', '--no-audit', '--no-fund', join(directory, packed.filename)], directory);
    bin = join(directory, 'node_modules/.bin/farthing');
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  test('holds the built code and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    const allowed =
      /^(?:dist\/.*\.(?:js|d\.ts|js\.map|d\.ts\.map|json)|farthing\.schema\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    assert.deepEqual(
      paths.filter((path) => !allowed.test(path) || /\.test\.|__fixtures__/.test(path)),
      [],
    );
    for (const needed of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/bin.js',
      'LICENSE',
      'README.md',
    ]) {
      assert.ok(paths.includes(needed), `${needed} is missing`);
    }
  });

  test('every export is there, for Node and for TypeScript', async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      exports: Record<string, string | { types: string; default: string }>;
      bin: Record<string, string>;
    };
    const installed = join(directory, 'node_modules/farthing');
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    );
    for (const target of [...targets, ...Object.values(manifest.bin)]) {
      assert.ok(existsSync(join(installed, target)), `${target} is missing`);
    }
    const script = `
      import { createGateway, parseConfig, startServer, FarthingError } from 'farthing';
      import { startFakeUpstream } from 'farthing/testing';
      console.log([createGateway, parseConfig, startServer, FarthingError, startFakeUpstream].every((it) => typeof it === 'function'));`;
    writeFileSync(join(directory, 'imports.js'), script);
    const said = execFileSync(process.execPath, ['imports.js'], {
      cwd: directory,
      encoding: 'utf8',
    });
    assert.equal(said.trim(), 'true');
  });

  test('its types check in a strict project', () => {
    writeFileSync(
      join(directory, 'types.ts'),
      `import { createGateway, parseConfig, type Gateway } from 'farthing';
       export const gateway: Promise<Gateway> = parseConfig('{}').then((config) => createGateway(config));`,
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
    ];
    execFileSync(process.execPath, [tsc, ...options, 'types.ts'], { cwd: directory });
  });

  test('runs `farthing` and answers', async () => {
    const version = execFileSync(bin, ['--version'], {
      cwd: directory,
      env: environment,
      encoding: 'utf8',
    });
    assert.match(version, /^\d+\.\d+\.\d+\n$/);
    const child = spawn(bin, ['serve', '--listen', '127.0.0.1:0', '--json'], {
      cwd: directory,
      env: environment,
    });
    try {
      const { url } = JSON.parse(await firstLine(child)) as { url: string };
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'sandbox-large',
          messages: [{ role: 'user', content: 'Hello' }],
        }),
      });
      assert.equal(response.status, 200);
      assert.match(await response.text(), /simulated/);
    } finally {
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      assert.equal(code, 0);
    }
  });
});

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout);
  let text = '';
  for await (const chunk of stdout) {
    text += String(chunk);
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  throw new Error(`The server ended: ${text}`);
}
