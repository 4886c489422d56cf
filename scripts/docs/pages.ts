import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of this repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** The page that lists all others. */
export const INDEX = 'docs/README.md';

/** A page as the index has it. */
export interface ListedPage {
  title: string;
  /** Path below the repository. */
  file: string;
}

/** A part of the index. */
export interface Group {
  title: string;
  pages: ListedPage[];
}

/** Whether a file of the repository is a page of the site. */
export const isPage = (file: string): boolean => /^(docs\/.*|[A-Z_]+)\.md$/.test(file);

/** All pages, as paths below the repository, sorted. */
export function allPages(): string[] {
  const below = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const files = [...readdirSync(ROOT), ...below.map((name) => `docs/${name.replaceAll('\\', '/')}`)];
  return files.filter(isPage).sort();
}

/** The text of a file of the repository. */
export const textOf = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** What the index lists, in its order. */
export function groupsOfIndex(text = textOf(INDEX)): Group[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => ({
      title: part.split('\n', 1)[0]!.trim(),
      pages: [...part.matchAll(/^- \[([^\]]+)\]\(([^)#]+\.md)\)/gm)].map(([, title = '', target = '']) => ({
        title: title.replaceAll('`', ''),
        file: path.posix.join('docs', target),
      })),
    }));
}

/**
 * The anchor of a heading as GitHub makes it, so that one link serves both there and on the site. A second heading of
 * the same text gets `-1`, which is counted by the caller.
 */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
