/**
 * Commands in any order, and what people do to the files in between. After each step everything parses, nothing of the
 * person's is lost, and the same command again changes nothing; at last `remove` leaves what the person alone would have.
 */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { type ParseError, parse as parseJson } from 'jsonc-parser';
import { ts } from 'ts-morph';
import { expect, test, vi } from 'vitest';
import { readWranglerToml } from '../../src/inspect/wrangler-toml.js';
import { removeDirectory } from '../support/remove-directory.js';
import { CONFIG, command, readTree } from './command.js';

vi.setConfig({ testTimeout: 590_000 });
/** `SEQUENCES=500 SEQUENCES_SEED=2` looks at more, and at others. */
const RUNS = Number(process.env.SEQUENCES ?? 8);
const SEED = Number(process.env.SEQUENCES_SEED ?? 4);

type Files = Record<string, string>;

const WRAPPER = 'src/payload-kv/index.ts';
const HOOKS = 'src/payload-kv/hooks.ts';
const SCHEMA = 'src/payload-kv/schema.generated.ts';
const CONFIG_FILE = 'src/payload.config.ts';

// ---- projects -----------------------------------------------------------------------------------------------------

const withPlugins = (plugins: string) => CONFIG.replace('  db,\n', `  db,\n  ${plugins}\n`);
const configs = [
  CONFIG,
  withPlugins('plugins: [],'),
  withPlugins('plugins: [\n    // none yet\n  ],'),
  withPlugins('plugins: [(config) => config],'),
  withPlugins('plugins: [\n    (config) => config, // first\n    (config) => config\n  ],'),
  withPlugins('plugins,').replace('export default', 'const plugins = [];\n\nexport default'),
  withPlugins('plugins: [...plugins],').replace('export', 'const plugins = [];\n\nexport'),
  `${CONFIG.replace('  db,', '  db: sqliteD1Adapter({ binding: cloudflare.env.D1 }),').replace(
    'export default',
    'const cloudflare = await getCloudflareContext();\n\nexport default',
  )}`,
];

const wranglers: [name: string, text: string][] = [
  [
    'wrangler.jsonc',
    '{\n  // The site.\n  "name": "site",\n  "main": ".open-next/worker.js",\n  "d1_databases": [{ "binding": "D1", "database_id": "1" }],\n  "env": {\n    "staging": { "d1_databases": [{ "binding": "D1", "database_id": "2" }] }, // a copy\n  },\n}\n',
  ],
  [
    'wrangler.jsonc',
    '{\n  "name": "site", /* kept */\n  "main": "src/worker.ts",\n  "kv_namespaces": [\n    { "binding": "OTHER", "id": "1" } // theirs\n  ]\n}',
  ],
  ['wrangler.json', '{"name":"site","main":".open-next/worker.js","kv_namespaces":[]}'],
  [
    'wrangler.json',
    '{\n\t"name": "site",\n\t"main": ".open-next/worker.js",\n\t"migrations": [\n\t\t{\n\t\t\t"tag": "v1",\n\t\t\t"new_sqlite_classes": ["Room"]\n\t\t}\n\t],\n\t"durable_objects": {\n\t\t"bindings": [\n\t\t\t{\n\t\t\t\t"name": "ROOM",\n\t\t\t\t"class_name": "Room"\n\t\t\t}\n\t\t]\n\t}\n}\n',
  ],
  [
    'wrangler.toml',
    '# The site.\nname = "site"\nmain = ".open-next/worker.js"\n\n[[d1_databases]]\nbinding = "D1"\ndatabase_id = "1"\n\n[env.staging]\nname = "staging" # a copy\n\n[[env.staging.d1_databases]]\nbinding = "D1"\ndatabase_id = "2"\n',
  ],
  [
    'wrangler.toml',
    'name = "site"\nmain = "src/worker.ts"\n\n[[kv_namespaces]]\nbinding = "OTHER"\nid = "1"\n\n[vars]\nA = "b"',
  ],
  ['wrangler.toml', 'name = "site"\nmain = ".open-next/worker.js"'],
];
const packages = [
  '{\n  "dependencies": {\n    "payload": "3.90.2"\n  }\n}\n',
  '{\n  "name": "site",\n  "scripts": {},\n  "dependencies": {\n    "payload": "3.90.2",\n    "zod": "4"\n  }\n}',
  '{ "name": "site", "dependencies": { "payload": "3.90.2" } }\n',
  '{\n\t"name": "site",\n\t"scripts": { "dev": "next" },\n\t"dependencies": { "payload": "3.90.2" },\n\t"devDependencies": {}\n}\n',
];
const envTypes = [
  'interface CloudflareEnv {\n  D1: D1Database;\n}\n',
  'declare namespace Cloudflare {\n\tinterface StagingEnv {\n\t\tD1: D1Database;\n\t}\n\tinterface Env {\n\t\tD1: D1Database;\n\t}\n}\ninterface CloudflareEnv extends Cloudflare.Env {}\n',
  'interface CloudflareEnv {}\n',
];

const project = fc
  .record({
    config: fc.constantFrom(...configs),
    wrangler: fc.option(fc.constantFrom(...wranglers), { nil: undefined, freq: 6 }),
    packageJson: fc.constantFrom(...packages),
    envTypes: fc.option(fc.constantFrom(...envTypes), { nil: undefined, freq: 3 }),
    tsconfig: fc.boolean(),
    crlf: fc.boolean(),
    bom: fc.boolean(),
  })
  .map(filesOf);

interface Parts {
  config?: string;
  wrangler?: [name: string, text: string];
  packageJson?: string;
  envTypes?: string;
  tsconfig?: boolean;
  crlf?: boolean;
  bom?: boolean;
}

function filesOf(parts: Parts): Files {
  const {
    config = CONFIG,
    wrangler,
    packageJson = packages[0]!,
    envTypes: types,
    tsconfig,
    crlf,
    bom,
  } = parts;
  const end = (text: string) => (crlf ? text.replaceAll('\n', '\r\n') : text);
  return {
    'package.json': end(packageJson),
    [CONFIG_FILE]: (bom ? '\ufeff' : '') + end(config),
    'src/db.ts': 'export const db = undefined as never;\n',
    'src/worker.ts': end("import site from './site';\n\nexport default site;\n"),
    ...(wrangler ? { [wrangler[0]]: end(wrangler[1]) } : {}),
    ...(wrangler && types ? { 'cloudflare-env.d.ts': end(types) } : {}),
    ...(tsconfig ? { 'tsconfig.json': '{}' } : {}),
  };
}

// ---- steps --------------------------------------------------------------------------------------------------------

interface Tool {
  kind: 'tool';
  args: string[];
}
/** What a person does: to each file, or to the generated ones alone. */
interface Person {
  kind: 'person';
  name: string;
  mark: number;
}
type Step = Tool | Person;

const comment = (path: string, mark: number) =>
  path.endsWith('.toml') ? `# mark ${mark}` : `// mark ${mark}`;
const eol = (text: string) => (text.includes('\r\n') ? '\r\n' : '\n');
const isWrangler = (name: string) => /^wrangler\.(jsonc?|toml)$/.test(name);
const isCode = (name: string) => name.endsWith('.ts');
const isCommented = (name: string) =>
  isCode(name) || /\.(jsonc|toml)$/.test(name) || name === 'wrangler.json';

/** Edits that come to the same in a project with the cache and in one without. */
const edits: Record<string, (name: string, text: string, mark: number) => string> = {
  'a comment on top': (name, text, mark) =>
    isCommented(name) && !/payload-kv/.test(name) && name !== 'worker.ts' && !text.startsWith('\ufeff')
      ? `${comment(name, mark)}${eol(text)}${text}`
      : text,
  'a comment at the end of code': (name, text, mark) =>
    [CONFIG_FILE, 'src/worker.ts', 'cloudflare-env.d.ts'].includes(name)
      ? `${text}${text.endsWith('\n') ? '' : eol(text)}${comment(name, mark)}${eol(text)}`
      : text,
  'a comment before the export': (name, text, mark) =>
    name === CONFIG_FILE
      ? text.replace('export default', `${comment(name, mark)}${eol(text)}export default`)
      : text,
  'a collection more': (name, text, mark) =>
    name === CONFIG_FILE
      ? text.replace('collections: [', `collections: [${eol(text)}    { slug: 'mark-${mark}', fields: [] },`)
      : text,
  'a collection less': (name, text) =>
    name === CONFIG_FILE ? text.replace(/\s*\{ slug: 'pages'.*/, '') : text,
  'a plugin first': (name, text, mark) =>
    name === CONFIG_FILE
      ? text.replace('[(config) => config', `[/* mark ${mark} */ (config) => config`)
      : text,
  'an import more': (name, text, mark) =>
    name === CONFIG_FILE
      ? text.replace(
          "import { db } from './db';",
          `import { db } from './db';${eol(text)}import './mark-${mark}';`,
        )
      : text,
  'a script more': (name, text, mark) =>
    name === 'package.json'
      ? text.replace('"dependencies": {', `"mark": "mark ${mark}", "dependencies": {`)
      : text,
  'a dependency more': (name, text, mark) =>
    name === 'package.json'
      ? text.replace('"payload": "3.90.2"', `"mark-${mark}": "1", "payload": "3.90.2"`)
      : text,
  'another name of the site': (name, text, mark) =>
    isWrangler(name) ? text.replace(/("?name"?\s*[:=]\s*")site/, `$1mark-${mark}-site`) : text,
  'another id of the database': (name, text, mark) =>
    isWrangler(name) ? text.replace(/("?database_id"?\s*[:=]\s*")1"/, `$1mark-${mark}-1"`) : text,
  'a type more': (name, text, mark) =>
    name === 'cloudflare-env.d.ts' ? `${text}interface Mark${mark} {}${eol(text)}` : text,
  'windows line ends': (_name, text) => text.replace(/\r?\n/g, '\r\n'),
  'unix line ends': (_name, text) => text.replace(/\r\n/g, '\n'),
  tabs: (name, text) =>
    name.endsWith('.toml') ? text : text.replace(/^(?: {2})+/gm, (it) => '\t'.repeat(it.length / 2)),
};

/** Edits of what is the tool's, or of its lines: those of {@link KNOWN} leave remove what it needs to be exact. */
const ownEdits: Record<string, (files: Files, mark: number, known: Files[], alone: Files) => Files> = {
  'checkout of the wrangler config': (files, _mark, _known, alone) =>
    mapped(files, (name, text) => (isWrangler(name) ? alone[name]! : text)),
  'checkout of the config': (files, _mark, _known, alone) =>
    mapped(files, (name, text) => (name === CONFIG_FILE ? alone[name]! : text)),
  'checkout of package.json': (files, _mark, _known, alone) =>
    mapped(files, (name, text) => (name === 'package.json' ? alone[name]! : text)),
  'checkout of the types': (files, _mark, _known, alone) =>
    mapped(files, (name, text) => (name === 'cloudflare-env.d.ts' ? alone[name]! : text)),
  'checkout of the worker': (files, _mark, _known, alone) =>
    mapped(files, (name, text) => (name === 'src/worker.ts' ? alone[name]! : text)),
  'imports sorted': (files) =>
    mapped(files, (name, text) => {
      if (name !== CONFIG_FILE) return text;
      const line = /import \{ cache[^\n]*\n/.exec(text)?.[0];
      return line ? text.replace(line, '').replace(/import \{ db/, `${line}import { db`) : text;
    }),
  'our plugin first': (files) =>
    mapped(files, (name, text) =>
      name === CONFIG_FILE ? text.replace(/\[(\(config\) => config), cache\]/, '[cache, $1]') : text,
    ),

  'an id for the binding': (files) =>
    mapped(files, (name, text) =>
      !isWrangler(name)
        ? text
        : name.endsWith('.toml')
          ? text.replace(
              /(binding = "(?:PAYLOAD_CACHE\w*|PAGES)")(\r?\n(?!id)|$)/g,
              `$1${eol(text)}id = "abc"$2`,
            )
          : text.replace(/("binding": "(?:PAYLOAD_CACHE\w*|PAGES)")(?!,\s*"id")/g, '$1, "id": "abc"'),
    ),
  'the generated schema deleted': ({ [SCHEMA]: _gone, ...files }) => files,
  'the hooks deleted': ({ [HOOKS]: _gone, ...files }) => files,
  'another wrapper of the past': (files, _mark, known) => {
    const old = known.find((it) => it[WRAPPER] !== undefined);
    return old && files[WRAPPER] !== undefined ? { ...files, [WRAPPER]: old[WRAPPER]! } : files;
  },
  'another generated schema of the past': (files, _mark, known) => {
    const old = known.find((it) => it[SCHEMA] !== undefined);
    return old && files[SCHEMA] !== undefined ? { ...files, [SCHEMA]: old[SCHEMA]! } : files;
  },
  'a comment in the wrapper': (files, mark) =>
    mapped(files, (name, text) =>
      name === WRAPPER ? text.replace('ttl:', `// mark ${mark}${eol(text)}  ttl:`) : text,
    ),
  'a comment in the hooks': (files, mark) =>
    mapped(files, (name, text) => (name === HOOKS ? `${text}// mark ${mark}${eol(text)}` : text)),
  'a formatter on quotes and semicolons': (files) =>
    mapped(files, (name, text) =>
      /payload-kv/.test(name) ? text.replace(/;(\r?\n)/g, '$1').replace(/'([^'"\n]*)'/g, '"$1"') : text,
    ),
};

const KNOWN = /^an id|formatter|checkout|sorted|our plugin/;

function mapped(files: Files, change: (name: string, text: string) => string): Files {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, change(name, text)]));
}

const flag = <Value>(name: string, value: fc.Arbitrary<Value>) =>
  fc.option(
    value.map((it) => [name, String(it)]),
    { nil: [] as string[] },
  );
const answers = fc
  .tuple(
    fc.constantFrom(
      [],
      ['--store', 'memory'],
      ['--store', 'redis'],
      ['--store', 'cloudflare-kv'],
      ['--store', 'cloudflare-kv', '--registry', 'durable-object'],
      ['--store', 'cloudflare-kv', '--registry', 'database'],
      ['--store', 'memory', '--registry', 'redis'],
      ['--store', 'memory', '--registry', 'memory'],
      ['--store', 'redis', '--registry', 'database'],
    ),
    flag('--binding', fc.constantFrom('PAYLOAD_CACHE', 'PAGES')),
    flag('--collections', fc.constantFrom('posts', 'posts,users', 'none', 'users')),
    flag('--globals', fc.constantFrom('header', 'none')),
    flag('--ttl', fc.constantFrom('5m', '1h', '90')),
  )
  .map((all) => all.flat());
const tool: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 4, arbitrary: answers.map((it) => ['init', ...it]) },
  { weight: 1, arbitrary: fc.constant<string[]>(['sync', '--add-new']) },
  { weight: 1, arbitrary: fc.constant<string[]>(['sync']) },
  { weight: 1, arbitrary: fc.constant<string[]>(['doctor', '--fix']) },
  { weight: 1, arbitrary: fc.constant<string[]>(['remove']) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  tool.map((args): Step => ({ kind: 'tool', args })),
  fc
    .record({
      name: fc.constantFrom(...Object.keys(edits), ...Object.keys(ownEdits)),
      mark: fc.integer({ min: 100, max: 999 }),
    })
    .map((it): Step => ({ kind: 'person', ...it })),
);

// ---- running ------------------------------------------------------------------------------------------------------

async function write(directory: string, files: Files): Promise<void> {
  for (const name of Object.keys(await readTree(directory)))
    if (!name.endsWith('/') && files[name] === undefined) await rm(path.join(directory, name));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  }
}

async function read(directory: string): Promise<Files> {
  const names = Object.keys(await readTree(directory)).filter((name) => !name.endsWith('/'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(directory, name), 'utf8')])),
  );
}

function expectToParse(files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    if (/\.jsonc?$/.test(name)) {
      const errors: ParseError[] = [];
      parseJson(text, errors, { allowTrailingComma: true });
      expect(errors, `${name}\n${text}`).toEqual([]);
      if (name === 'package.json') JSON.parse(text);
    } else if (name.endsWith('.toml')) expect(readWranglerToml(text).problem, text).toBeUndefined();
    else if (isCode(name)) {
      const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest) as ts.SourceFile & {
        parseDiagnostics: { messageText: unknown }[];
      };
      expect(
        source.parseDiagnostics.map(({ messageText }) => messageText),
        `${name}\n${text}`,
      ).toEqual([]);
    }
  }
}

const marksIn = (files: Files) =>
  new Set(Object.values(files).flatMap((text) => text.match(/mark[ -]?\d+/gi) ?? []));

const loose = (files: Files) =>
  mapped(files, (_name, text) =>
    text.replace(/"scripts":\s*\{\},?|plugins: \[\s*\],?|"kv_namespaces":\[\],?/g, '').replace(/[\s,]+/g, ''),
  );

async function runSequence(start: Files, steps: readonly Step[]): Promise<void> {
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-sequence-')));
  const run = (...args: string[]) => command([...args, '--cwd', directory]);
  const flags = ([name, ...args]: string[]) => [
    name!,
    ...args,
    '--yes',
    ...(name === 'sync' ? [] : ['--no-install']),
    ...(name === 'init' ? ['--force'] : []),
  ];
  let alone = start;
  let isExact = true;
  let isLoose = false;
  const past: Files[] = [];
  try {
    await write(directory, start);
    for (const it of steps) {
      const before = await read(directory);
      const marks = marksIn(before);
      if (it.kind === 'person') {
        const own = ownEdits[it.name];
        const edit = edits[it.name];
        // Known by its name alone, an entry leaves the list that it was in empty, or the end of the file with a line end.
        isLoose ||= /an id|another name/.test(it.name) && !('wrangler.jsonc' in start);
        if (edit) {
          await write(
            directory,
            mapped(before, (name, text) => edit(name, text, it.mark)),
          );
          alone = mapped(alone, (name, text) => edit(name, text, it.mark));
        } else if (own) {
          await write(directory, own(before, it.mark, past, alone));
          isExact &&= KNOWN.test(it.name);
        }
        continue;
      }
      const args = flags(it.args);
      const dry = it.args[0] === 'doctor' ? undefined : await run(...args, '--dry-run', '--json');
      expect(await read(directory), 'a dry run').toEqual(before);
      const real = await run(...args, '--json');
      expect(real.exitCode, `${args}: ${real.stdout}${real.stderr}`).toBeLessThan(3);
      expect(real.stderr).not.toMatch(/\n {4}at |TypeError|INTERNAL|unexpected/i);
      const after = await read(directory);
      if (real.exitCode === 2) {
        expect(after).toEqual(before);
        continue;
      }
      if (dry) {
        const [one, other] = [JSON.parse(dry.stdout), JSON.parse(real.stdout)];
        expect(one.changes).toEqual(other.changes);
      }
      expectToParse(after);
      for (const mark of marks)
        expect(marksIn(after), `${args}: ${mark} is lost\n${real.stdout}`).toContain(mark);
      if (it.args[0] !== 'doctor') {
        const again = JSON.parse((await run(...args, '--json')).stdout);
        expect(again.changes, `${args} again`).toEqual([]);
      } else await run(...args, '--json');
      expect(await read(directory), `${args} again`).toEqual(after);
      past.push(after);
    }
    const removed = await run('remove', '--yes', '--no-install', '--json');
    expect(removed.exitCode, removed.stdout + removed.stderr).toBeLessThan(2);
    const left = await read(directory);
    expectToParse(left);
    const { kept, refusals, notices } = JSON.parse(removed.stdout);
    if (isExact) {
      expect([kept, refusals], removed.stdout).toEqual([[], []]);
      if (isLoose) expect(loose(left), JSON.stringify(notices)).toEqual(loose(alone));
      else expect(left, JSON.stringify(notices)).toEqual(alone);
    } else {
      const named = JSON.stringify([kept, refusals, notices]);
      for (const [name, text] of Object.entries(left)) {
        if (alone[name] === undefined) expect(named, `${name} is left`).toContain(name);
        else if (/PAYLOAD_CACHE|PAGES|CACHE_TAGS/.test(text))
          expect(named, `of ${name}`).toMatch(/PAYLOAD_CACHE|PAGES|CACHE_TAGS|stay/);
      }
    }
    expect((await run('remove', '--yes', '--no-install', '--json')).exitCode).toBe(removed.exitCode);
    expect(await read(directory)).toEqual(left);
  } finally {
    await removeDirectory(directory);
  }
}

/** What went wrong once. */
const examples: [Files, Step[]][] = [
  [
    filesOf({ wrangler: wranglers[1]!, envTypes: envTypes[2]! }),
    [
      { kind: 'tool', args: ['init'] },
      { kind: 'person', name: 'an id for the binding', mark: 1 },
      { kind: 'tool', args: ['init', '--store', 'redis'] },
      { kind: 'person', name: 'checkout of the wrangler config', mark: 2 },
      { kind: 'tool', args: ['init', '--store', 'cloudflare-kv', '--binding', 'PAGES'] },
    ],
  ],
  [
    filesOf({ wrangler: wranglers[1]! }),
    [
      { kind: 'tool', args: ['init', '--store', 'memory'] },
      { kind: 'tool', args: ['init', '--store', 'cloudflare-kv', '--registry', 'durable-object'] },
      { kind: 'person', name: 'another wrapper of the past', mark: 1 },
    ],
  ],
  [
    filesOf({ wrangler: wranglers[4]! }),
    [
      { kind: 'tool', args: ['init'] },
      { kind: 'person', name: 'an id for the binding', mark: 1 },
      { kind: 'person', name: 'windows line ends', mark: 2 },
    ],
  ],
  [
    filesOf({ packageJson: packages[1]!, config: configs[6]! }),
    [
      { kind: 'tool', args: ['init', '--registry', 'redis'] },
      { kind: 'person', name: 'checkout of package.json', mark: 1 },
      { kind: 'tool', args: ['init', '--store', 'redis'] },
      { kind: 'person', name: 'tabs', mark: 2 },
    ],
  ],
];

test('in whatever order commands run and people edit, nothing of theirs is lost and remove takes out what is ours', async () => {
  await fc.assert(fc.asyncProperty(project, fc.array(step, { minLength: 1, maxLength: 8 }), runSequence), {
    numRuns: RUNS + examples.length,
    seed: SEED,
    examples,
  });
});
