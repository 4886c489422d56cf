/** Writes all changes of a plan, or none. */
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { workspaceRoot } from '../inspect/package-manager.js';
import type { FileChange } from '../plan/plan.js';
import { isWithin, realPathOf } from './boundary.js';
import {
  bring,
  clearJournal,
  type Journal,
  type JournalEntry,
  recoverLocked,
  stage,
  temporaryBeside,
  tidy,
  writeJournal,
} from './journal.js';
import { takeLock } from './lock.js';

/**
 * Writes each change through a temporary file beside its target. If one fails, everything written so far is as it was
 * before; if the process is killed, the next run finishes it or takes it back. Synchronous on purpose: nothing of this
 * process comes between two files, and Ctrl-C waits.
 * @throws PayloadKVError `CHANGED_ON_DISK`, `LINK_OUT_OF_PROJECT` or `ALREADY_RUNNING` before anything is written,
 *   `WRITE_FAILED` after everything is undone, `UNDO_FAILED` where even that was impossible
 */
export function writeChanges(root: string, changes: readonly FileChange[]): void {
  if (changes.length === 0) return;
  // No link leads out of it, and in it whoever works in any of its packages finds the journal.
  const workspace = realpathSync(workspaceRoot(root));
  const entries = changes.map((change) => entryOf(root, change, workspace));
  for (const entry of entries) verify(entry);
  const wait = () => {};
  process.on('SIGINT', wait);
  process.on('SIGTERM', wait);
  try {
    writeLocked(workspace, entries);
  } finally {
    process.off('SIGINT', wait);
    process.off('SIGTERM', wait);
  }
}

function writeLocked(workspace: string, entries: JournalEntry[]): void {
  let current = entries[0]!;
  const begin = () => {
    try {
      return takeLock(workspace);
    } catch (cause) {
      throw failure(cause, current.path, []);
    }
  };
  const release = begin();
  let journal: Journal = { state: 'preparing', entries, directories: [] };
  try {
    recoverLocked(workspace);
    journal = { ...journal, directories: missingDirectories(entries) };
    writeJournal(workspace, journal);
    for (const directory of journal.directories) {
      current = entries.find(({ file }) => file.startsWith(directory + path.sep)) ?? current;
      mkdirSync(directory, { recursive: true });
    }
    for (const entry of entries) {
      current = entry;
      if (entry.after !== undefined) stage(entry.temporary, entry.after, entry.mode);
    }
    for (const entry of entries) verify(entry);
    journal = { ...journal, state: 'writing' };
    writeJournal(workspace, journal);
    for (const entry of entries) {
      current = entry;
      verify(entry);
      if (entry.after === undefined) rmSync(entry.file);
      else renameSync(entry.temporary, entry.file);
    }
    tidy(journal, 'after');
    clearJournal(workspace);
  } catch (cause) {
    throw failure(cause, current.path, undo(workspace, journal));
  } finally {
    release();
  }
}

/** Puts everything back; returns the paths where that failed. */
function undo(workspace: string, journal: Journal): string[] {
  const lost: string[] = [];
  try {
    if (journal.state === 'writing') writeJournal(workspace, { ...journal, state: 'undoing' });
  } catch {
    // Without room for the journal the files themselves may still go back.
  }
  for (const entry of journal.state === 'writing' ? [...journal.entries].reverse() : []) {
    try {
      // What another has written meanwhile is theirs.
      if (contentOf(entry.path, entry.file)?.toString('utf8') === entry.after) bring([entry], 'before');
    } catch {
      lost.push(entry.path);
    }
  }
  try {
    tidy(journal, 'before');
    clearJournal(workspace);
  } catch {
    // The next run clears away what is left.
  }
  return lost;
}

/** A link stays a link: what it leads to is written, if that is of the project. */
function entryOf(root: string, { path: name, before, after }: FileChange, boundary: string): JournalEntry {
  const file = realPathOf(path.resolve(root, name));
  if (!isWithin(boundary, file)) {
    throw new PayloadKVError({
      code: 'LINK_OUT_OF_PROJECT',
      message: `${name} leads out of the project, to ${file}.`,
      location: { file: name },
      nextStep:
        'Nothing was written. Put the file itself into the project, or make the change there by hand.',
    });
  }
  const mode = before === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.mode;
  return {
    path: name,
    file,
    temporary: temporaryBeside(file),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(mode === undefined ? {} : { mode: mode & 0o7777 }),
  };
}

/** The plan was made from what was read: if that has changed since, writing would lose somebody's work. */
function verify({ path: name, file, before }: JournalEntry): void {
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

/** The directories that have to be created, outermost first. */
function missingDirectories(entries: readonly JournalEntry[]): string[] {
  const missing = new Set<string>();
  for (const { file, after } of entries) {
    if (after === undefined) continue;
    for (let at = path.dirname(file); !existsSync(at); at = path.dirname(at)) missing.add(at);
  }
  return [...missing].sort((a, b) => a.length - b.length);
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
