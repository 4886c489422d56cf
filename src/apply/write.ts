/** Writes all changes of a plan, or none. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import type { FileChange } from '../plan/plan.js';

/**
 * Writes each change through a temporary file beside its target. If one fails, everything written so far is as it was
 * before. Synchronous on purpose: nothing of this process comes between two files.
 * @throws PayloadKVError `CHANGED_ON_DISK` before anything is written, `WRITE_FAILED` after everything is undone,
 *   `UNDO_FAILED` where even that was impossible
 */
export function writeChanges(root: string, changes: readonly FileChange[]): void {
  const targets = changes.map((change) => ({ ...change, file: targetOf(path.resolve(root, change.path)) }));
  for (const target of targets) verify(target);

  const createdDirectories: string[] = [];
  const temporaryFiles: string[] = [];
  const written: typeof targets = [];
  let current = targets[0];
  try {
    const staged = targets.map((target) => {
      current = target;
      createdDirectories.push(...createDirectory(path.dirname(target.file)));
      const temporary = `${target.file}.${randomBytes(6).toString('hex')}.tmp`;
      temporaryFiles.push(temporary);
      writeFileSync(temporary, target.after, { flag: 'wx' });
      if (target.before !== undefined) chmodSync(temporary, statSync(target.file).mode);
      return { target, temporary };
    });
    for (const { target, temporary } of staged) {
      current = target;
      verify(target);
      renameSync(temporary, target.file);
      written.push(target);
    }
  } catch (cause) {
    const lost = undo(written, temporaryFiles, createdDirectories);
    throw failure(cause, current?.path ?? '.', lost);
  }
}

interface Target extends FileChange {
  file: string;
}

/** A link stays a link: what it leads to is written. */
function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

/** The plan was made from what was read: if that has changed since, writing would lose somebody's work. */
function verify({ path: name, file, before }: Target): void {
  const now = contentOf(name, file);
  const same = before === undefined ? now === undefined : now?.equals(Buffer.from(before)) === true;
  if (same) return;
  throw new PayloadKVError({
    code: 'CHANGED_ON_DISK',
    message:
      before === undefined
        ? `${name} appeared while the change was being prepared.`
        : `${name} is not what was read: it has changed meanwhile, or it is not UTF-8.`,
    location: { file: name },
    nextStep: 'Nothing was written. Run the command again.',
  });
}

function contentOf(name: string, file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    // A directory in a file's place, or a file in a directory's, is no file: the write itself says what is wrong.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw failure(error, name, []);
  }
}

/** Creates a directory with its parents and returns those that were missing, outermost first. */
function createDirectory(directory: string): string[] {
  const first = mkdirSync(directory, { recursive: true });
  if (first === undefined) return [];
  const created = [first];
  for (const part of path.relative(first, directory).split(path.sep).filter(Boolean)) {
    created.push(path.join(created.at(-1)!, part));
  }
  return created;
}

/** Puts everything back; returns the paths where that failed. */
function undo(
  written: readonly Target[],
  temporaryFiles: readonly string[],
  directories: readonly string[],
): string[] {
  const lost: string[] = [];
  for (const file of temporaryFiles) rmSync(file, { force: true });
  for (const { path: name, file, before } of [...written].reverse()) {
    try {
      if (before === undefined) rmSync(file, { force: true });
      else writeFileSync(file, before);
    } catch {
      lost.push(name);
    }
  }
  for (const directory of [...directories].reverse()) {
    try {
      rmdirSync(directory);
    } catch {
      // Somebody else put something into it: then it is no longer ours to remove.
    }
  }
  return lost;
}

function failure(cause: unknown, file: string, lost: readonly string[]): PayloadKVError {
  if (lost.length > 0) {
    return new PayloadKVError({
      code: 'UNDO_FAILED',
      message: `${file} could not be written (${reasonOf(cause)}), and these files could not be put back: ${lost.join(', ')}.`,
      location: { file },
      nextStep: 'Put them back from version control.',
      cause,
    });
  }
  if (cause instanceof PayloadKVError) return cause;
  return new PayloadKVError({
    code: 'WRITE_FAILED',
    message: `${file} could not be written: ${reasonOf(cause)}. Everything is as it was before.`,
    location: { file },
    nextStep: `${remedyOf(cause)} and run the command again.`,
    cause,
  });
}

function remedyOf(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST') return 'Move what is in the way';
  return code === 'ENOSPC' ? 'Make room' : 'Make the path writable';
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'there is a directory in its place',
    ENOTDIR: 'there is a file where its directory should be',
    ENOSPC: 'no space left',
    EROFS: 'the file system is read-only',
    EEXIST: 'there is a file where its directory should be',
  };
  return (code && reasons[code]) ?? message ?? String(cause);
}
