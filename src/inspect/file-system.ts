/** Looking at the disk: whether a file is there, its text, the directories above. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Whether a file is there. */
export function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The file's text, or `undefined` where it is not there. */
export function readIfThere(file: string): string | undefined {
  return isFile(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The directory and those above it, the nearest first. */
export function upwards(directory: string): string[] {
  const directories = [directory];
  for (let at = directory; path.dirname(at) !== at; ) {
    at = path.dirname(at);
    directories.push(at);
  }
  return directories;
}

/** The path of a file from a directory, with slashes on every system. */
export function relativePath(directory: string, file: string): string {
  return path.relative(directory, file).split(path.sep).join('/');
}
