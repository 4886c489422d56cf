/**
 * Runs the project's own `wrangler types` on the project as it is planned to be, and reads what it writes. It works in
 * a shadow of the project: a directory of links, in which the files of the plan are real. The project is not touched.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { upwards } from '../inspect/file-system.js';
import type { FileChange } from '../plan/plan.js';
import type { WranglerTypes } from '../plan/wrangler/wrangler-types.js';
import { errorSaid, WRANGLER_ENVIRONMENT } from './wrangler-process.js';

/** What wrangler is asked for. */
export interface TypesRequest {
  /** Absolute directory of the project. */
  root: string;
  /** Arguments of wrangler: `types` and what follows. */
  args: readonly string[];
  /** The file that it writes, relative to the project's root. */
  file: string;
  /** The file's text now. */
  before: string;
  /** What is about to change in the project. */
  changes: readonly FileChange[];
  /** Longest wait in milliseconds. Default 60,000: it takes one or two seconds, on a busy machine ten. */
  timeout?: number;
}

/** Whether the project has a wrangler of its own, in its `node_modules` or one above. */
export function hasWrangler(root: string): boolean {
  return upwards(root).some((directory) => existsSync(path.join(directory, 'node_modules/.bin/wrangler')));
}

/** What `wrangler types` makes of the planned project. Throws nothing: without it, the file is edited. */
export async function runWranglerTypes(request: TypesRequest): Promise<WranglerTypes> {
  const { root, args, file, before, changes, timeout = 60_000 } = request;
  const cancel = new AbortController();
  let directory: string | undefined;
  const remove = () => directory && rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  const interrupted = (signal: NodeJS.Signals) => {
    cancel.abort();
    remove();
    for (const name of SIGNALS) process.off(name, interrupted);
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'payload-kv-types-')));
    const shadow = path.join(directory, path.basename(root));
    const texts = new Map([[file, before as string | undefined]]);
    for (const { path: changed, after } of changes) if (changed !== file) texts.set(changed, after);
    castShadow(root, shadow, texts);
    // A file and no pipe: what wrangler started and left behind would hold that open. Execa takes any descriptor,
    // though its types name one digit.
    const output = path.join(directory, 'output');
    const to = openSync(output, 'w') as 3;
    const result = await execa('wrangler', args, {
      cwd: shadow,
      preferLocal: true,
      localDir: root,
      stdin: 'ignore',
      env: { ...WRANGLER_ENVIRONMENT, WRANGLER_LOG_PATH: path.join(directory, 'logs') },
      stdout: to,
      stderr: to,
      reject: false,
      timeout,
      cancelSignal: cancel.signal,
    }).finally(() => closeSync(to));
    if (result.timedOut) return { ok: false, reason: `took longer than ${timeout / 1000} seconds` };
    if (result.exitCode !== 0) {
      const said = errorSaid(readFileSync(output, 'utf8')).replace(/\.$/, '').slice(0, 200);
      return { ok: false, reason: `failed: ${said || 'it said nothing'}` };
    }
    return { ok: true, text: readFileSync(path.join(shadow, file), 'utf8') };
  } catch (error) {
    return { ok: false, reason: `could not be run: ${(error as Error).message.split('\n')[0]}` };
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    remove();
  }
}

const SIGNALS = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).filter((name) => name in constants.signals);

/** What wrangler would write into, or needs not. */
const NO_PART = new Set(['node_modules', '.wrangler', '.git', '.payload-kv']);

/** Links everything at the top of the project, and makes real what has a text of its own, with its directories. */
function castShadow(root: string, shadow: string, texts: ReadonlyMap<string, string | undefined>): void {
  const directories = new Set<string>();
  for (const file of texts.keys()) {
    for (let at = path.posix.dirname(file); at !== '.'; at = path.posix.dirname(at)) {
      if (at === '..' || path.isAbsolute(at)) throw new Error(`${file} is not in the project`);
      directories.add(at);
    }
  }
  const fill = (directory: string) => {
    mkdirSync(path.join(shadow, directory), { recursive: true });
    const here = path.join(root, directory);
    for (const name of existsSync(here) ? readdirSync(here) : []) {
      const at = path.posix.join(directory, name);
      if (texts.has(at) || directories.has(at) || NO_PART.has(at)) continue;
      const target = path.join(root, at);
      const isDirectory = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
      symlinkSync(target, path.join(shadow, at), isDirectory ? 'junction' : 'file');
    }
  };
  for (const directory of ['', ...directories]) fill(directory);
  for (const [file, text] of texts) if (text !== undefined) writeFileSync(path.join(shadow, file), text);
}
