/** What is of the project: nothing is written where a link leads out of it. */
import { realpathSync } from 'node:fs';
import path from 'node:path';

/** Where a path really leads, as far as it is there. */
export function realPathOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPathOf(parent), path.basename(file));
  }
}

/** Whether a file is in a directory or below it. */
export function isWithin(directory: string, file: string): boolean {
  const relative = path.relative(directory, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
