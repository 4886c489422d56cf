import { existsSync } from 'node:fs';
import path from 'node:path';
import { allPages, ROOT, slugOf, textOf } from './pages.js';

/** A link that leads nowhere. */
export interface DeadLink {
  /** `docs/redis.md:12`: where it stands. */
  place: string;
  target: string;
  why: 'no such file' | 'no such heading' | 'not in the repository';
}

/**
 * Links and pictures of all pages that lead to a file or a heading which is not there. What lies elsewhere on the web
 * is not asked for.
 */
export function deadLinks(pages = allPages(), read = textOf): DeadLink[] {
  const anchors = new Map<string, Set<string>>();
  const anchorsOf = (file: string): Set<string> => {
    const known = anchors.get(file) ?? anchorsIn(read(file));
    anchors.set(file, known);
    return known;
  };
  return pages.flatMap((page) =>
    linksIn(read(page)).flatMap(({ target, line }): DeadLink[] => {
      if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
      const [name = '', anchor] = decodeURI(target).split('#');
      const file = name === '' ? page : path.posix.join(path.posix.dirname(page), name);
      const dead = (why: DeadLink['why']): DeadLink[] => [{ place: `${page}:${line}`, target, why }];
      if (file.startsWith('..')) return dead('not in the repository');
      if (!pages.includes(file) && !existsSync(path.join(ROOT, file))) return dead('no such file');
      if (anchor && file.endsWith('.md') && !anchorsOf(file).has(anchor)) return dead('no such heading');
      return [];
    }),
  );
}

/** The text with its blocks and its code blanked, so that nothing in them is taken for a link or a heading. */
function withoutCode(text: string): string {
  const blank = (found: string) => found.replace(/[^\n]/g, ' ');
  return text.replace(/^( *)(`{3,})[^\n]*\n.*?^\1\2 *$/gms, blank);
}

function linksIn(text: string): { target: string; line: number }[] {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, (code) => '`'.repeat(code.length));
  return [
    ...prose.matchAll(
      /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)="([^"]+)"/g,
    ),
  ].map((match) => ({
    target: (match[1] ?? match[2])!,
    line: prose.slice(0, match.index).split('\n').length,
  }));
}

/** Anchors of the headings of a page. */
function anchorsIn(text: string): Set<string> {
  const seen = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const slug = slugOf(heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', ''));
    let unique = slug;
    for (let count = 1; seen.has(unique); count += 1) unique = `${slug}-${count}`;
    seen.add(unique);
  }
  return seen;
}
