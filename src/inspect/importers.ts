/** Who else in a project imports what is to be removed. Files are searched for the word first: few have it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Directories of what is built, and of other people's code. */
const SKIPPED = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'vendor']);
const SOURCE = /\.[cm]?[jt]sx?$|\.(?:astro|svelte|vue)$/;
/** A source file that is larger than this was generated. */
const LARGEST_BYTES = 1_000_000;

/** Texts of the source files below `root` that mention one of the words, by path relative to it. */
export function filesMentioning(root: string, words: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (directory: string): void => {
    for (const entry of readdirSync(path.join(root, directory), { withFileTypes: true })) {
      const name = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !SKIPPED.has(entry.name)) visit(name);
      } else if (entry.isFile() && SOURCE.test(entry.name)) {
        const file = path.join(root, name);
        if (statSync(file).size > LARGEST_BYTES) continue;
        const text = readFileSync(file, 'utf8');
        if (words.some((word) => text.includes(word))) found[name] = text;
      }
    }
  };
  visit('');
  return found;
}
