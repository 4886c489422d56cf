import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const isBuilt = Symbol.for('payload-kv.built-for-tests');

/**
 * Compiles src into dist once per run, for the tests that use the package as it is published. A type error stops the
 * run in CI only: while one works, tests of what compiles are worth running.
 */
export default function build(): void {
  // Each project of the configuration asks for it.
  if (isBuilt in globalThis) return;
  Object.assign(globalThis, { [isBuilt]: true });
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0 && process.env.CI) throw new Error('src does not compile; see above');
}
