/** One run at a time writes to a workspace. The lock is a file that names its owner; of a dead owner it is taken over. */
import { randomBytes } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';

/** The directory in a workspace's root that exists only while a run writes, or after one died. */
export const WORK_DIRECTORY = '.payload-kv';

interface Owner {
  pid: number;
  host: string;
  /** Milliseconds since 1970. */
  since: number;
}

/** Writing takes milliseconds; of another machine nothing but the age tells whether it still writes. */
const LONGEST_MS = 600_000;

/** Locks that this very process holds: its own number in a lock may be that of a dead predecessor in a container. */
const held = new Set<string>();

/**
 * Takes the lock of a workspace and returns what gives it back.
 * @throws PayloadKVError `ALREADY_RUNNING`, `LINK_OUT_OF_PROJECT`
 */
export function takeLock(workspace: string): () => void {
  const directory = path.join(workspace, WORK_DIRECTORY);
  const lock = path.join(directory, 'lock');
  const own = path.join(directory, `lock.${randomBytes(6).toString('hex')}`);
  const owner: Owner = { pid: process.pid, host: hostname(), since: Date.now() };
  for (let attempt = 0; ; attempt++) {
    if (lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) throw linked(directory);
    mkdirSync(directory, { recursive: true });
    try {
      // A link appears with its content or not at all: nobody sees a lock that names no owner.
      writeFileSync(own, JSON.stringify(owner));
      linkSync(own, lock);
      rmSync(own, { force: true });
      held.add(lock);
      return () => {
        held.delete(lock);
        rmSync(lock, { force: true });
        removeIfEmpty(directory);
      };
    } catch (error) {
      rmSync(own, { force: true });
      const { code } = error as NodeJS.ErrnoException;
      // The directory went with the run that had it.
      if (code === 'ENOENT' && attempt < 10) continue;
      if (code !== 'EEXIST' || attempt >= 10) throw error;
    }
    takeOver(lock, own);
  }
}

/** Moves the lock of a dead owner out of the way. */
function takeOver(lock: string, aside: string): void {
  const seen = ownerOf(lock);
  if (seen === undefined) return;
  if (isAlive(seen.owner, lock)) throw alreadyRunning(seen.owner, lock);
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  const moved = ownerOf(aside);
  if (moved && moved.text !== seen.text) {
    // Somebody was faster, and this is theirs.
    try {
      linkSync(aside, lock);
    } finally {
      rmSync(aside, { force: true });
    }
    throw alreadyRunning(moved.owner, lock);
  }
  rmSync(aside, { force: true });
}

function ownerOf(lock: string): { owner: Partial<Owner>; text: string } | undefined {
  try {
    const text = readFileSync(lock, 'utf8');
    try {
      return { owner: JSON.parse(text) as Partial<Owner>, text };
    } catch {
      return { owner: {}, text };
    }
  } catch {
    return undefined;
  }
}

function isAlive({ pid, host, since = 0 }: Partial<Owner>, lock: string): boolean {
  if (pid === undefined || host === undefined) return false;
  if (host !== hostname()) return Date.now() - since < LONGEST_MS;
  if (pid === process.pid) return held.has(lock);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function alreadyRunning({ pid, host }: Partial<Owner>, lock: string): PayloadKVError {
  const where = host === hostname() ? '' : ` on ${host}`;
  return new PayloadKVError({
    code: 'ALREADY_RUNNING',
    message: `Another run of payload-kv (process ${pid}${where}) is writing here.`,
    location: { file: lock },
    nextStep:
      'Nothing was written. Wait until it has ended, or delete the file named above if there is none.',
  });
}

function linked(directory: string): PayloadKVError {
  return new PayloadKVError({
    code: 'LINK_OUT_OF_PROJECT',
    message: `${directory} is a link, which no run of payload-kv makes.`,
    location: { file: directory },
    nextStep: 'Nothing was written. Delete the link and run the command again.',
  });
}

/** Removes a directory that nobody has put anything else into. */
export function removeIfEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
