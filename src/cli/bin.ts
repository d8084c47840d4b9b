#!/usr/bin/env node
/**
 * The `farthing` command. Nothing is imported before Node's version is known to be enough: an older
 * Node would stop at the first import with a message that helps nobody.
 *
 * @module
 */

const LEAST_NODE = 24;

const [major] = process.versions.node.split('.');
if (Number(major) < LEAST_NODE) {
  process.stderr.write(
    `farthing needs Node.js ${LEAST_NODE} or newer; this is ${process.versions.node}.\n`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
