/**
 * The journal of a run that writes: what every file was and what it is to be. It is there before the first file is
 * touched and gone after the last one, so that the next run can finish, or take back, what a killed one began.
 */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { upwards } from '../inspect/file-system.js';
import { isWithin, realPathOf } from './boundary.js';
import { removeIfEmpty, takeLock, WORK_DIRECTORY } from './lock.js';

/** One file of a run. */
export interface JournalEntry {
  /** Path as the plan has it. */
  path: string;
  /** Absolute path of what is written: a link's target. */
  file: string;
  /** The file beside it that the new content is prepared in. */
  temporary: string;
  before?: string;
  after?: string;
  /** Permissions of the file that was there. */
  mode?: number;
}

/** What a run is about to do. */
export interface Journal {
  /**
   * `preparing`: no file is touched yet. `writing`: whoever finds it finishes it. `undoing`: a file could not be
   * written, and whoever finds it takes the others back.
   */
  state: 'preparing' | 'writing' | 'undoing';
  entries: JournalEntry[];
  /** Directories that are created for them, outermost first. */
  directories: string[];
}

/** What became of a run that had ended half-way. */
export interface Recovery {
  outcome: 'completed' | 'rolled-back';
  /** Files that were written for that, as the plan had them. */
  files: string[];
}

/** The workspace that holds the journal or the lock of a run, at the directory or above it. */
export function workspaceWithJournal(directory: string): string | undefined {
  return upwards(directory).find((each) => existsSync(path.join(each, WORK_DIRECTORY)));
}

/**
 * Finishes or takes back what a killed run began in a workspace; `undefined` where there is nothing.
 * @throws PayloadKVError `ALREADY_RUNNING` while another run writes, `UNFINISHED_RUN` where a file has changed since
 */
export function recoverUnfinished(workspace: string): Recovery | undefined {
  if (!existsSync(path.join(workspace, WORK_DIRECTORY))) return undefined;
  const release = takeLock(workspace);
  try {
    return recoverLocked(workspace);
  } finally {
    release();
  }
}

/** The same, by who has the lock. */
export function recoverLocked(workspace: string): Recovery | undefined {
  const journal = readJournal(workspace);
  if (!journal) {
    clearJournal(workspace);
    return undefined;
  }
  const to = journal.state === 'writing' ? 'after' : 'before';
  const foreign = journal.state === 'preparing' ? undefined : journal.entries.find(isForeign);
  if (foreign) throw unfinished(workspace, foreign.path);
  const files = journal.state === 'preparing' ? [] : bring(journal.entries, to);
  tidy(journal, to);
  clearJournal(workspace);
  return { outcome: to === 'after' ? 'completed' : 'rolled-back', files };
}

/** Puts the journal where the next run finds it. */
export function writeJournal(workspace: string, journal: Journal): void {
  replaceFile(journalOf(workspace), `${journalOf(workspace)}.tmp`, JSON.stringify(journal));
}

/** Takes the journal away, with what preparing it may have left. */
export function clearJournal(workspace: string): void {
  const directory = path.join(workspace, WORK_DIRECTORY);
  rmSync(journalOf(workspace), { force: true });
  for (const name of readdirSync(directory)) {
    if (/^journal\.json\.tmp$|^lock\.\w+$/.test(name)) rmSync(path.join(directory, name), { force: true });
  }
}

/** Brings each file to one of its two states and returns those that were in the other; can be repeated at will. */
export function bring(entries: readonly JournalEntry[], to: 'before' | 'after'): string[] {
  const ordered = to === 'after' ? entries : [...entries].reverse();
  return ordered.flatMap(({ path: name, file, temporary, mode, ...texts }) => {
    const text = texts[to];
    if (contentOf(file) === text) return [];
    if (text === undefined) rmSync(file, { force: true });
    else {
      mkdirSync(path.dirname(file), { recursive: true });
      replaceFile(file, temporary, text, mode);
    }
    return [name];
  });
}

/** Removes what a run leaves beside its files: temporary ones, and directories that are empty then. */
export function tidy({ entries, directories }: Journal, to: 'before' | 'after'): void {
  // Below a file that stands in a directory's place there is nothing to remove.
  for (const { temporary } of entries) if (existsSync(temporary)) rmSync(temporary);
  if (to === 'before') for (const directory of [...directories].reverse()) removeIfEmpty(directory);
  else {
    for (const { file, after } of entries) if (after === undefined) removeIfEmpty(path.dirname(file));
  }
}

/** Replaces a file in one step: whoever reads it sees the old text or the new one. */
export function replaceFile(file: string, temporary: string, text: string, mode?: number): void {
  stage(temporary, text, mode);
  renameSync(temporary, file);
}

/** Writes the text that a file is to have beside it. */
export function stage(temporary: string, text: string, mode?: number): void {
  const descriptor = openNew(temporary);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (mode !== undefined) chmodSync(temporary, mode);
}

/** Opens a file of our own; what a killed run left there, or a link that somebody put there, gives way. */
function openNew(file: string): number {
  try {
    return openSync(file, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    rmSync(file);
    return openSync(file, 'wx');
  }
}

/** A name beside the file that nothing else has. */
export function temporaryBeside(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}.tmp`;
}

function journalOf(workspace: string): string {
  return path.join(workspace, WORK_DIRECTORY, 'journal.json');
}

/**
 * The journal in a workspace. It came with the directory, maybe from somebody else: one that names what no run of ours
 * would write is not followed.
 */
function readJournal(workspace: string): Journal | undefined {
  const text = contentOf(journalOf(workspace));
  if (text === undefined) return undefined;
  let journal: unknown;
  try {
    journal = JSON.parse(text);
  } catch {
    journal = undefined;
  }
  if (!isJournal(journal, realpathSync(workspace))) throw foreignJournal(workspace);
  return journal;
}

function isJournal(value: unknown, workspace: string): value is Journal {
  if (typeof value !== 'object' || value === null) return false;
  const { state, entries, directories } = value as Partial<Record<keyof Journal, unknown>>;
  const isOurs = (file: unknown): file is string =>
    typeof file === 'string' &&
    isWithin(workspace, file) &&
    realPathOf(file) === file &&
    !path.relative(workspace, file).split(path.sep).some(isOthers);
  const isEntry = (entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return false;
    const {
      path: name,
      file,
      temporary,
      before,
      after,
      mode,
    } = entry as Partial<Record<keyof JournalEntry, unknown>>;
    return (
      typeof name === 'string' &&
      isOurs(file) &&
      isOurs(temporary) &&
      temporary.startsWith(`${file}.`) &&
      /^\.\w+\.tmp$/.test(temporary.slice(file.length)) &&
      [before, after].every((content) => ['string', 'undefined'].includes(typeof content)) &&
      ['number', 'undefined'].includes(typeof mode)
    );
  };
  return (
    ['preparing', 'writing', 'undoing'].includes(state as string) &&
    Array.isArray(entries) &&
    entries.every(isEntry) &&
    Array.isArray(directories) &&
    directories.every(isOurs)
  );
}

/** A directory into which no command writes a file of a plan. */
function isOthers(name: string): boolean {
  return name === '.git' || name === 'node_modules';
}

/** Whether somebody has written to the file since: then it is neither what it was nor what it was to be. */
function isForeign({ file, before, after }: JournalEntry): boolean {
  const now = contentOf(file);
  return now !== before && now !== after;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function unfinished(workspace: string, file: string): PayloadKVError {
  return new PayloadKVError({
    code: 'UNFINISHED_RUN',
    message: `An earlier run was killed while it wrote, and ${file} has changed since: its changes can be neither finished nor taken back.`,
    location: { file },
    nextStep: `Look through the files (${path.join(workspace, WORK_DIRECTORY, 'journal.json')} has them as they were), then delete ${WORK_DIRECTORY} and run the command again.`,
  });
}

function foreignJournal(workspace: string): PayloadKVError {
  const file = path.join(workspace, WORK_DIRECTORY, 'journal.json');
  return new PayloadKVError({
    code: 'UNFINISHED_RUN',
    message: `${file} is no journal of a run that wrote here: it cannot be read, or it names files that are elsewhere. Nothing of it was followed.`,
    location: { file },
    nextStep: `If the project was moved after a run was killed, look through its files (the journal has them as they were). Then delete ${WORK_DIRECTORY} and run the command again.`,
  });
}
