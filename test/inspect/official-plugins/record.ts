/**
 * Writes down what Payload's own plugins make of the samples beside this file: each config is run with the packages
 * themselves, and what Payload sanitised is kept in `truth.json`. Run it after an update of Payload:
 *
 *     npx tsx test/inspect/official-plugins/record.ts            # takes the newest versions, and writes
 *     npx tsx test/inspect/official-plugins/record.ts --check    # compares, exit code 1 where something differs
 *
 * The packages come from the registry, each without its dependencies (the admin panel's, which no schema needs), and are
 * kept in the cache of the person's account. `versions.json` says which ones the record was made of.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { build } from 'esbuild';
import { truthOf } from '../sanitised.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const samples = readdirSync(here, { withFileTypes: true }).filter((each) => each.isDirectory());
const check = process.argv.includes('--check');
// Here, as Payload is to be found from it.
const work = mkdtempSync(path.join(here, '.work-'));
const cache = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'),
  'payload-kv/official-plugins',
);
const versionsFile = path.join(here, 'versions.json');
const pinned: Record<string, string> = check ? JSON.parse(readFileSync(versionsFile, 'utf8')) : {};
const versions: Record<string, string> = {};
let differs = false;

/** Stands for a package that is not there: whatever is asked of it is itself. */
const ABSENT = `
  const absent = new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => '' : key === Symbol.iterator ? undefined : absent),
    getPrototypeOf: () => absent,
    apply: () => absent,
    construct: () => absent,
  });
  module.exports = absent;
`;

const npm = (args: string[], cwd: string): string => execFileSync('npm', args, { cwd, encoding: 'utf8' });

/** The version that the record is made of: the newest of Payload 3, or the one it was made of. */
function versionOf(packageName: string): string {
  const known = versions[packageName] ?? pinned[packageName];
  if (known) return known;
  const all = [JSON.parse(npm(['view', `${packageName}@3`, 'version', '--json'], work))].flat() as string[];
  return all.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)!;
}

/** A package as it lies unpacked in a directory. */
function fetched(packageName: string): string {
  const version = versionOf(packageName);
  versions[packageName] = version;
  const directory = path.join(cache, `${packageName.replace('@payloadcms/', '')}-${version}`);
  if (!existsSync(directory)) {
    const unfinished = `${directory}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    const [packed] = npm(['pack', `${packageName}@${version}`, '--silent'], unfinished)
      .trim()
      .split('\n');
    execFileSync('tar', ['xzf', packed!], { cwd: unfinished });
    renameSync(unfinished, directory);
  }
  return path.join(directory, 'package');
}

/** The file that a subpath of a package leads to. */
function entryOf(specifier: string): string {
  const [scope, name, ...rest] = specifier.split('/');
  const home = fetched(`${scope}/${name}`);
  const { exports } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
    exports: Record<string, any>;
  };
  const target = exports[['.', ...rest].join('/')];
  return path.join(home, target?.import ?? target?.default ?? target);
}

for (const { name } of samples) {
  const outfile = path.join(work, `${name}.mjs`);
  await build({
    entryPoints: [path.join(here, name, 'payload.config.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'packages',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^@payloadcms\/plugin-/ }, ({ path: it }) => ({ path: entryOf(it) }));
          onResolve({ filter: /^(?:payload|@payloadcms\/translations)(?:\/|$)/ }, ({ path: it }) => ({
            path: it,
            external: true,
          }));
          // Whatever else they import is the admin panel's or a service's, and is called by nobody here.
          onResolve({ filter: /^[^./]/ }, ({ path: it, kind }) =>
            kind === 'entry-point' || it.startsWith('node:') || path.isAbsolute(it)
              ? undefined
              : { path: it, namespace: 'absent' },
          );
          onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
            contents: ABSENT,
            loader: 'js',
          }));
        },
      },
    ],
  });
  const { default: config } = await import(pathToFileURL(outfile).href);
  const truth = JSON.parse(JSON.stringify(truthOf(await config)));
  const file = path.join(here, name, 'truth.json');
  const isRecorded =
    existsSync(file) && isDeepStrictEqual(JSON.parse(readFileSync(file, 'utf8')) as unknown, truth);
  if (check && !isRecorded) {
    differs = true;
    console.error(`${name}: the packages make something else of it`);
  }
  // Where they are equal the file stays as the formatter has left it.
  if (!check && !isRecorded) writeFileSync(file, `${JSON.stringify(truth, undefined, 2)}\n`);
}
if (!check) writeFileSync(versionsFile, `${JSON.stringify(versions, undefined, 2)}\n`);
rmSync(work, { recursive: true, force: true });
console.log(
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join('\n'),
);
process.exit(differs ? 1 : 0);
