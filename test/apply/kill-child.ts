/**
 * A run that is killed at its n-th operation on the file system. It is bundled with the code under test, so that it
 * starts quickly: `node child.mjs <write|recover|hold> <root> <n> <changes>`.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { recoverUnfinished } from '../../src/apply/journal.js';
import { takeLock } from '../../src/apply/lock.js';
import { writeChanges } from '../../src/apply/write.js';

const [mode, root, count, changes] = process.argv.slice(2) as [string, string, string, string];
let left = Number(count);

const names = [
  'chmodSync',
  'closeSync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
] as const;
for (const name of [...names, 'rmSync', 'rmdirSync', 'writeFileSync'] as const) {
  const original = fs[name] as (...args: any[]) => unknown;
  (fs as Record<string, unknown>)[name] = (...args: any[]) => {
    left--;
    if (left === 0) {
      // Half of a text may have reached the disk.
      if (name === 'writeFileSync') original(args[0], String(args[1]).slice(0, String(args[1]).length / 2));
      process.kill(process.pid, 'SIGKILL');
    }
    return original(...args);
  };
}
syncBuiltinESMExports();

if (mode === 'write') writeChanges(root, JSON.parse(changes));
if (mode === 'recover') recoverUnfinished(root);
if (mode === 'hold') {
  takeLock(root);
  process.stdout.write('held\n');
  setInterval(() => {}, 1000);
}
