// Packs this package, installs the tarball in an empty project as a site would, and prints what takes how much.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bytes and files of something installed. */
export interface Size {
  name: string;
  bytes: number;
  files: number;
}

/** What an installation takes: parts of this package first, then each dependency with what it alone brings. */
export interface InstallSize {
  total: Size;
  rows: Size[];
}

const NAME = 'payload-kv';

/** Installs a tarball without peers, which a site has anyway, and measures files by their length. */
export function installSize(tarball: string): InstallSize {
  const home = mkdtempSync(join(tmpdir(), 'payload-kv-size-'));
  try {
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'site', private: true }));
    const flags = ['--omit=dev', '--omit=peer', '--legacy-peer-deps', '--ignore-scripts', '--prefer-offline'];
    npm(['install', ...flags, '--no-audit', '--no-fund', tarball], home);
    return measure(join(home, 'node_modules'));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function measure(modules: string): InstallSize {
  const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dependencies?: Record<string, string> }>;
  };
  const needs = (name: string): string[] =>
    Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {});
  const reached = (from: string[]): Set<string> => {
    const found = new Set<string>();
    for (const next = [...from]; next.length > 0; ) {
      const name = next.pop() as string;
      if (!found.has(name)) next.push(...needs(name));
      found.add(name);
    }
    return found;
  };
  const direct = needs(NAME);
  const all = reached(direct);
  const shares = direct.map((name) => {
    const others = reached(direct.filter((other) => other !== name));
    const own = [...all].filter((each) => reached([name]).has(each) && !others.has(each));
    for (const each of own) all.delete(each);
    const sizes = own.map((each) => sizeOf(each, join(modules, each)));
    const label = own.length > 1 ? `\`${name}\` and ${own.length - 1} more` : `\`${name}\``;
    return added(label, sizes);
  });
  const shared = added(
    'what several of them share',
    [...all].map((each) => sizeOf(each, join(modules, each))),
  );
  const own = join(modules, NAME);
  const parser = sizeOf("TypeScript's parser", join(own, 'dist/inspect'), /^typescript\./);
  const commands = added(
    'the command line',
    ['apply', 'cli', 'doctor', 'inspect', 'plan'].map((room) => sizeOf(room, join(own, 'dist', room))),
  );
  const dist = sizeOf('dist', join(own, 'dist'));
  const documents = added('docs, pictures, dashboards', [
    ...['docs', 'observability', 'templates'].map((folder) => sizeOf(folder, join(own, folder))),
    sizeOf('texts', own, /^[A-Z]+(\.md)?$/),
  ]);
  const rows = [
    {
      name: 'the runtime, with its types',
      bytes: dist.bytes - commands.bytes,
      files: dist.files - commands.files,
    },
    parser,
    { name: 'the command line', bytes: commands.bytes - parser.bytes, files: commands.files - parser.files },
    documents,
    ...shares.sort((a, b) => b.bytes - a.bytes),
    ...(shared.files > 0 ? [shared] : []),
  ];
  return { total: added('**all**', rows), rows };
}

/** A folder with all below it; or of the folder itself, the files of that name. */
function sizeOf(name: string, folder: string, only?: RegExp): Size {
  const files = readdirSync(folder, { recursive: only === undefined, withFileTypes: true })
    .filter((entry) => entry.isFile() && (only === undefined || only.test(entry.name)))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return { name, bytes: files.reduce((sum, bytes) => sum + bytes, 0), files: files.length };
}

function added(name: string, sizes: readonly Size[]): Size {
  const sum = (of: (size: Size) => number) => sizes.reduce((total, size) => total + of(size), 0);
  return { name, bytes: sum(({ bytes }) => bytes), files: sum(({ files }) => files) };
}

function npm(args: string[], cwd: string): string {
  return execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = mkdtempSync(join(tmpdir(), 'payload-kv-size-'));
  try {
    const [{ filename, size }] = JSON.parse(
      npm(
        ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
        join(import.meta.dirname, '..'),
      ),
    );
    const { total, rows } = installSize(join(directory, filename));
    const kilobytes = (bytes: number) => Math.round(bytes / 1000).toLocaleString('en');
    console.log('| part | kB | files |\n|---|--:|--:|');
    for (const row of [...rows, total])
      console.log(`| ${row.name} | ${kilobytes(row.bytes)} | ${row.files} |`);
    console.log(`\nThe tarball has ${kilobytes(size)} kB.`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
