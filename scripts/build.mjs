// Compiles src into dist and removes from dist what has no source any more, so that a package never ships leftovers.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { putParser } from './parser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
  { cwd: root, stdio: 'inherit' },
);

if (existsSync(dist)) {
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const compiled = /\.(d\.ts|js)$/;
    const sources = ['.ts', '.tsx'].map((ending) => join(root, 'src', file.replace(compiled, ending)));
    if (compiled.test(file) && !sources.some((source) => existsSync(source))) {
      rmSync(join(dist, file));
    }
  }
}

await putParser(root);

process.exitCode = status ?? 1;
