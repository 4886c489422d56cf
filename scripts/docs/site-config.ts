import { readdirSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type UserConfig } from 'vitepress';
import { groupsOfIndex, INDEX, isPage, ROOT, slugOf } from './pages.js';

type MarkdownIt = Parameters<NonNullable<NonNullable<UserConfig['markdown']>['config']>>[0];

/** Where a page stands on the site: a README is what its folder shows. */
const placeOf = (file: string): string => file.replace(/(^|\/)README\.md$/, '$1index.md');

/** The site of README and docs, as VitePress builds it; `BASE` is its path where it is not at the root of a host. */
export function siteConfig(): UserConfig {
  return defineConfig({
    title: 'payload-kv',
    description: 'A cache for busy Payload CMS sites',
    lang: 'en',
    base: process.env.DOCS_BASE ?? '/',
    srcDir: ROOT,
    srcExclude: foldersBeside('docs').map((name) => `${name}/**`),
    rewrites: (file) => placeOf(file),
    cacheDir: path.join(ROOT, 'node_modules/.cache/docs'),
    // Nothing is asked of another host, the time of the last commit neither: the package has no git.
    lastUpdated: false,
    markdown: {
      anchor: { slugify: slugOf },
      theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
      config: (markdown) => {
        forGitHubAndHere(markdown);
        scrolling(markdown);
      },
    },
    themeConfig: {
      nav: [
        { text: 'Docs', link: linkTo(INDEX) },
        { text: 'Changes', link: linkTo('CHANGELOG.md') },
      ],
      sidebar: [
        { text: 'payload-kv', link: linkTo('README.md') },
        { text: 'All pages', link: linkTo(INDEX) },
        ...groupsOfIndex().map(({ title, pages }) => ({
          text: title,
          items: pages.map((page) => ({ text: page.title, link: linkTo(page.file) })),
        })),
      ],
      outline: { level: [2, 3], label: 'On this page' },
      search: { provider: 'local' },
    },
  });
}

const foldersBeside = (folder: string): string[] =>
  readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== folder)
    .map(({ name }) => name);

const linkTo = (file: string): string =>
  `/${placeOf(file)
    .replace(/\.md$/, '')
    .replace(/(^|\/)index$/, '$1')}`;

/** Pages link to one another by their files. Those that are no page, such as a source, have no address on the site. */
function forGitHubAndHere(markdown: MarkdownIt): void {
  markdown.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
    const from = path.relative(ROOT, env.realPath ?? env.path).replaceAll('\\', '/');
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== 'link_open') continue;
      const href = token.attrGet('href') ?? '';
      if (/^([a-z][a-z+.-]*:|#)/i.test(href)) continue;
      const [name = '', anchor] = href.split('#');
      const file = path.posix.join(path.posix.dirname(from), name);
      if (isPage(file)) token.attrSet('href', placeOf(name) + (anchor ? `#${anchor}` : ''));
      else token.attrs = null;
    }
  });
}

/** A table wider than the screen scrolls by itself, by keyboard too. */
function scrolling(markdown: MarkdownIt): void {
  markdown.renderer.rules.table_open = () =>
    '<div class="table" tabindex="0" role="group" aria-label="Table">\n<table tabindex="-1">\n';
  markdown.renderer.rules.table_close = () => '</table>\n</div>\n';
}
