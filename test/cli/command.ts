import { mkdir, mkdtemp, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { run } from '../../src/cli/program.js';
import { removeDirectory } from '../support/remove-directory.js';
import { type Answer, answerAll } from './person.js';

/** What a command said and how it ended. */
export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  /** Pretends that somebody sits at a terminal. Default `false`. */
  terminal?: boolean;
  /** What is answered there, one after the other: the keys for it are pressed. Default none. */
  answers?: readonly Answer[];
  env?: NodeJS.ProcessEnv;
}

/** Runs the command line in this process, with streams of its own. */
export async function command(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const stream = () => Object.assign(new PassThrough(), { isTTY: options.terminal === true });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const texts = { stdout: '', stderr: '' };
  stdout.on('data', (chunk) => {
    texts.stdout += chunk;
  });
  stderr.on('data', (chunk) => {
    texts.stderr += chunk;
  });
  const running = run(args, { stdin, stdout, stderr, env: options.env ?? { NO_COLOR: '1' } });
  await answerAll(options.answers ?? [], { stdin, screen: () => texts.stdout, ended: running });
  return { exitCode: await running, ...texts };
}

/** A directory with files in it. */
export interface Project {
  dir: string;
  /** Every file below it with its content. */
  tree(): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

/** Flags that answer what `init` asks of a project whose only collection is posts, but what a test is about. */
export const ANSWERS = [
  ...['--collections', 'posts', '--globals', 'none', '--ttl', '5m'],
  ...['--ttl-for', 'posts=1h', '--store', 'memory'],
];

export const CONFIG = `import { buildConfig } from 'payload';
import { db } from './db';

export default buildConfig({
  collections: [
    { slug: 'posts', fields: [{ name: 'slug', type: 'text', unique: true }] },
    { slug: 'pages', fields: [{ name: 'title', type: 'text' }] },
    { slug: 'users', auth: true, fields: [] },
  ],
  globals: [{ slug: 'header', fields: [] }],
  db,
});
`;

/** A project that can be inspected, though not started. `undefined` leaves a file out. */
export async function createProject(files: Record<string, string | undefined> = {}): Promise<Project> {
  const dir = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-cli-')));
  const all = {
    'package.json': '{\n  "dependencies": {\n    "payload": "3.90.2"\n  }\n}\n',
    'src/payload.config.ts': CONFIG,
    'src/db.ts': 'export const db = undefined as never;\n',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    if (text === undefined) continue;
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  return { dir, tree: () => readTree(dir), remove: () => removeDirectory(dir) };
}

/** Every file below a directory with its content; links and what lies in `node_modules` or `.git` left out. */
export async function readTree(dir: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (['node_modules', '.git'].includes(entry.name)) continue;
    const file = path.join(dir, entry.name);
    if (entry.isFile()) tree[entry.name] = await readFile(file, 'latin1');
    if (!entry.isDirectory()) continue;
    for (const [name, text] of Object.entries(await readTree(file))) tree[`${entry.name}/${name}`] = text;
    tree[`${entry.name}/`] = '<directory>';
  }
  return tree;
}
