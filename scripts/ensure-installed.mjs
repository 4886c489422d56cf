// Makes `npm test`, `npm run demo` and the rest work straight after a clone: runs `npm ci` when what is installed is
// not what package-lock.json says. Uses Node alone, because nothing else is there yet.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const packagesIn = (lockFile) => {
  try {
    return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
};

const wanted = packagesIn('package-lock.json') ?? {};
const installed = packagesIn('node_modules/.package-lock.json');

// Optional packages are for other platforms as often as not, and linked ones are part of this repository.
const missing = Object.entries(wanted).filter(
  ([path, { version, optional, link }]) =>
    path.includes('node_modules/') && !optional && !link && installed?.[path]?.version !== version,
);

if (missing.length > 0) {
  console.error(
    installed
      ? `${missing.length} installed packages differ from package-lock.json: running npm ci`
      : 'No packages installed yet: running npm ci',
  );
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] };
  const { status, error } = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, 'ci'], options)
    : spawnSync('npm', ['ci'], { ...options, shell: process.platform === 'win32' });
  if (error) console.error(error.message);
  process.exitCode = status ?? 1;
}
