import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const isPrepared = Symbol.for('payload-kv.prepared-for-tests');

/**
 * Compiles src into dist once per run, for the tests that use the package as it is published. A type error stops the
 * run in CI only: while one works, tests of what compiles are worth running. And makes a place for what several
 * processes of the run would work out once each, see pushed-once.ts.
 */
export default function prepare(): (() => void) | undefined {
  // Each project of the configuration asks for it.
  if (isPrepared in globalThis) return undefined;
  Object.assign(globalThis, { [isPrepared]: true });
  // A run that was started by a test has what that one's has.
  if (process.env.PUSHED_SCHEMAS) return undefined;
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0 && process.env.CI) throw new Error('src does not compile; see above');
  const schemas = mkdtempSync(join(tmpdir(), 'payload-kv-schemas-'));
  process.env.PUSHED_SCHEMAS = schemas;
  return () => rmSync(schemas, { recursive: true, force: true });
}
