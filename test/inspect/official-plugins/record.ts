/**
 * Writes down what Payload's own plugins make of the samples beside this file: each config is run with the packages
 * themselves, and what Payload sanitised is kept in `truth.json`. Run it after an update of Payload:
 *
 *     npx tsx test/inspect/official-plugins/record.ts            # writes
 *     npx tsx test/inspect/official-plugins/record.ts --check    # compares, exit code 1 where something differs
 *
 * The packages come from the registry, each without its dependencies (the admin panel's, which no schema needs).
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { truthOf } from '../sanitised.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const samples = readdirSync(here, { withFileTypes: true }).filter((each) => each.isDirectory());
// Here, as Payload is to be found from it.
const work = mkdtempSync(path.join(here, '.work-'));
const check = process.argv.includes('--check');
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

/** The newest of Payload 3 as it lies unpacked in a directory. */
function fetched(packageName: string): string {
  const directory = path.join(
    process.env.PLUGIN_PACKAGES ?? work,
    packageName.replace('@payloadcms/plugin-', ''),
  );
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true });
    const npm = (args: string[]) => execFileSync('npm', args, { cwd: directory, encoding: 'utf8' });
    const all = [JSON.parse(npm(['view', `${packageName}@3`, 'version', '--json']))].flat() as string[];
    const newest = all.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)!;
    const [packed] = npm(['pack', `${packageName}@${newest}`, '--silent'])
      .trim()
      .split('\n');
    execFileSync('tar', ['xzf', packed!], { cwd: directory });
  }
  const home = path.join(directory, 'package');
  versions[packageName] = (
    JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string }
  ).version;
  return home;
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
  const truth = `${JSON.stringify(truthOf(await config), undefined, 1)}\n`;
  const file = path.join(here, name, 'truth.json');
  if (check && (!existsSync(file) || readFileSync(file, 'utf8') !== truth)) {
    differs = true;
    console.error(`${name}: the packages make something else of it`);
  }
  if (!check) writeFileSync(file, truth);
}
rmSync(work, { recursive: true });
console.log(
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join('\n'),
);
process.exit(differs ? 1 : 0);
