import fc from 'fast-check';
import { ts } from 'ts-morph';
import { describe, expect, test } from 'vitest';
import { syntaxErrors } from '../../../src/inspect/syntax.js';
import { findSuperfluous } from '../../../src/plan/pages/superfluous.js';
import { hunksOf, undoHunks } from '../../../src/plan/text/hunks.js';
import { BOOKS, GLOBALS, hookWith, MENU, PLUGINS, REFRESH_BOOK, SHELF, SITE, siteOf } from './site.js';

type Texts = Readonly<Record<string, string>>;

const find = (texts: Texts) => findSuperfluous(siteOf(texts), 'src/payload-kv');
/** What goes, by file. */
const gone = (texts: Texts) =>
  Object.fromEntries(find(texts).files.map(({ path, names }) => [path, names.join(' ')]));
/** A file of a site without what is superfluous. */
const without = (texts: Texts, path: string) => find(texts).without(path, texts[path]!);

const HOOK = 'src/hooks/refreshBook.ts';
const LIST = 'src/collections/Books.ts';
/** A site of one collection with its hook. */
const oneHook = (hook: string, list = BOOKS): Texts => ({
  [HOOK]: hook,
  [LIST]: list.replace(', refreshGone }', ' }').replace('    afterDelete: [refreshGone],\n', ''),
});

test('all of the website template goes, with the imports that nothing uses then', () => {
  expect(gone(SITE)).toEqual({
    'src/Menu/config.ts': 'refreshMenu',
    'src/collections/Books.ts': 'refreshBook refreshGone',
    'src/plugins.ts': 'refreshRedirects',
    'src/utilities/globals.ts': 'unstable_cache',
    'src/utilities/document.ts': 'unstable_cache',
    'src/utilities/redirects.ts': 'unstable_cache',
    'src/app/shelf.xml/route.ts': 'unstable_cache',
  });
  expect(find(SITE).unused).toEqual({
    now: [],
    later: ['src/hooks/refreshBook.ts', 'src/hooks/refreshRedirects.ts', 'src/Menu/hooks/refreshMenu.ts'],
  });
});

describe('lists', () => {
  test('a list that is empty goes, and other lists stay', () => {
    expect(without(SITE, LIST)).toBe(
      BOOKS.replace("import { refreshBook, refreshGone } from '../hooks/refreshBook'\n", '')
        .replace('    afterChange: [refreshBook],\n', '')
        .replace('    afterDelete: [refreshGone],\n', ''),
    );
  });

  test('hooks that are empty go, and of two empty lines one', () => {
    expect(without(SITE, 'src/Menu/config.ts')).toBe(
      MENU.replace("import { refreshMenu } from './hooks/refreshMenu'\n\n", '').replace(
        '  hooks: {\n    afterChange: [refreshMenu],\n  },\n',
        '',
      ),
    );
  });

  test('what a plugin of Payload is told of its collection counts too', () => {
    expect(without(SITE, 'src/plugins.ts')).toBe(
      PLUGINS.replace("import { refreshRedirects } from '@/hooks/refreshRedirects'\n", '').replace(
        '      hooks: {\n        afterChange: [refreshRedirects],\n      },\n',
        '',
      ),
    );
  });

  test.each<[what: string, list: string, expected: string]>([
    ['another one before', '[signed, refreshBook]', '[signed]'],
    ['another one behind', '[refreshBook, signed]', '[signed]'],
    ['itself once more', '[refreshBook, signed, refreshBook]', '[signed]'],
    ['a spread', '[...shared, refreshBook]', '[...shared]'],
    ['lines', '[\n      signed,\n      refreshBook,\n    ]', '[\n      signed,\n    ]'],
  ])('beside %s', (_what, list, expected) => {
    const texts = oneHook(REFRESH_BOOK, BOOKS.replace('[refreshBook]', list));
    expect(without(texts, LIST)).toContain(`    afterChange: ${expected},\n`);
  });

  test('an empty list stays where something else would come to light without it', () => {
    const texts = oneHook(REFRESH_BOOK, BOOKS.replace('hooks: {', 'hooks: {\n    ...shared,'));
    expect(without(texts, LIST)).toContain('    ...shared,\n    afterChange: [],\n');
    const base = MENU.replace("slug: 'menu',", "...base,\n  slug: 'menu',");
    expect(without({ ...SITE, 'src/Menu/config.ts': base }, 'src/Menu/config.ts')).toMatch(
      /\n {2}hooks: \{\s*\},\n/,
    );
  });

  test.each([
    'export const all = Menu.hooks.afterChange.length\n',
    "export const all = Menu['hooks']\n",
    'const { hooks } = Menu\n',
    'export const add = (it) => ({ ...it, hooks: { ...it.hooks, afterChange: [...it.hooks.afterChange] } })\n',
  ])('an empty list stays where somebody reads hooks: %s', (reader) => {
    const texts = { ...SITE, 'src/reader.ts': reader };
    expect(without(texts, 'src/Menu/config.ts')).toContain('  hooks: {\n    afterChange: [],\n  },\n');
  });

  test('an import that something else uses stays', () => {
    const texts = oneHook(REFRESH_BOOK, `${BOOKS}\nexport const also = refreshBook\n`);
    expect(without(texts, LIST)).toContain("import { refreshBook } from '../hooks/refreshBook'\n");
    expect(find(texts).unused.later).toEqual([]);
  });

  test('a hook under another name, and in two collections, goes out of both', () => {
    const list = BOOKS.replace('{ refreshBook,', '{ refreshBook as tell,').replace('[refreshBook]', '[tell]');
    const texts = { ...oneHook(REFRESH_BOOK, list), 'src/collections/Films.ts': oneHook('')[LIST]! };
    expect(gone(texts)).toEqual({ [LIST]: 'tell', 'src/collections/Films.ts': 'refreshBook' });
  });

  test('line ends, quotes, semicolons and a byte order mark stay as they are', () => {
    const menu = `\uFEFF${MENU.replaceAll("'", '"').replaceAll('\n', '\r\n')}`;
    const hook = SITE['src/Menu/hooks/refreshMenu.ts']!;
    const texts = { 'src/Menu/config.ts': menu, 'src/Menu/hooks/refreshMenu.ts': hook };
    expect(without(texts, 'src/Menu/config.ts')).toBe(
      menu
        .replace('import { refreshMenu } from "./hooks/refreshMenu"\r\n\r\n', '')
        .replace('  hooks: {\r\n    afterChange: [refreshMenu],\r\n  },\r\n', ''),
    );
  });

  test.each<[what: string, list: string]>([
    ['a comment in the list', BOOKS.replace('[refreshBook]', '[/* tells Next */ refreshBook]')],
    ['a comment above the list', BOOKS.replace('    afterChange', '    // tells Next\n    afterChange')],
    ['a comment behind the list', BOOKS.replace('[refreshBook],', '[refreshBook], // tells Next')],
    ['a list by condition', BOOKS.replace('[refreshBook]', 'isLive ? [refreshBook] : []')],
    ['a list of a function', BOOKS.replace('[refreshBook]', 'listOf(refreshBook)')],
    ['a list that is cast', BOOKS.replace('[refreshBook]', '[refreshBook] as never')],
    ['a hook by condition', BOOKS.replace('[refreshBook]', '[isLive && refreshBook]')],
    ['a hook that is wrapped', BOOKS.replace('[refreshBook]', '[quietly(refreshBook)]')],
    ['a hook that is called', BOOKS.replace('[refreshBook]', '[(args) => refreshBook(args)]')],
    ['a computed name of the list', BOOKS.replace('afterChange:', "['afterChange']:")],
    ['a list given twice', BOOKS.replace('beforeChange: [signed]', 'afterChange: [signed]')],
    ['another list', BOOKS.replace('afterChange:', 'afterOperation:')],
    ['hooks of a field', BOOKS.replace("slug: 'books',", "name: 'books',")],
    ['hooks of what has no fields', BOOKS.replace('fields: [', 'tabs: [')],
    ['a hole in the list', BOOKS.replace('[refreshBook]', '[, refreshBook]')],
    [
      'a name of its own',
      BOOKS.replace(
        "import { refreshBook, refreshGone } from '../hooks/refreshBook'\n",
        'const refreshBook = () => {}\n',
      ),
    ],
    ['a name that a parameter takes', `${BOOKS}\nexport const f = (refreshBook) => refreshBook\n`],
    ['a default import', BOOKS.replace('{ refreshBook, refreshGone }', 'refreshBook')],
    [
      'a namespace',
      BOOKS.replace('{ refreshBook, refreshGone }', '* as all').replace('[refreshBook]', '[all.refreshBook]'),
    ],
    ['an import with a comment', BOOKS.replace("'../hooks/refreshBook'", "'../hooks/refreshBook' // Next")],
    [
      'an import below a comment',
      BOOKS.replace('import { refreshBook', '// @ts-ignore\nimport { refreshBook'),
    ],
    ['an import beside another one', BOOKS.replace("'../hooks/signed'\n", "'../hooks/signed'; ")],
    ['an import from elsewhere', BOOKS.replace('../hooks/refreshBook', '../hooks/index')],
    ['a syntax error', `${BOOKS}}`],
    ['bytes that are no text', `${BOOKS}// \uFFFD\n`],
  ])('left: %s', (_what, list) => {
    expect(list).not.toBe(BOOKS);
    expect(gone(oneHook(REFRESH_BOOK, list))).toEqual({});
  });

  test('a hook that somebody takes by its place stays', () => {
    const texts = { ...SITE, 'src/reader.ts': 'export const first = Menu.hooks!.afterChange![0]\n' };
    expect(gone(texts)).not.toHaveProperty('src/Menu/config.ts');
  });
});

describe('hooks', () => {
  test.each<[what: string, hook: string]>([
    ['without a condition', hookWith("revalidatePath('/')\n  return doc")],
    ['that returns nothing', hookWith("revalidatePath('/')")],
    ['that returns early', hookWith("if (context.quiet) return doc\n  revalidatePath('/')\n  return doc")],
    [
      'with another branch',
      hookWith(
        "if (doc.a) revalidatePath('/a')\n  else {\n    revalidateTag('b', { expire: 0 })\n  }\n  return doc",
      ),
    ],
    [
      'that takes the request apart',
      hookWith(
        "const { payload } = req\n  payload.logger.info('x')\n  revalidatePath('/')\n  return doc",
        '{ doc, req }',
      ),
    ],
    [
      'that renames',
      hookWith("req.payload.logger.info('x')\n  revalidatePath('/')\n  return post", '{ doc: post, req }'),
    ],
    ['that casts', hookWith(`const book = doc as Book\n  revalidatePath(\`/\${book.slug}\`)\n  return book`)],
    [
      'that is a function',
      REFRESH_BOOK.replace(/export const refreshBook[^=]*= \(/, 'export async function refreshBook(').replace(
        '}) => {\n  if (!context',
        '}) {\n  if (!context',
      ),
    ],
    [
      'of other names',
      REFRESH_BOOK.replace(
        '{ revalidatePath, revalidateTag }',
        '{ revalidatePath as path, revalidateTag as tag }',
      )
        .replaceAll('revalidatePath(', 'path(')
        .replaceAll('revalidateTag(', 'tag('),
    ],
    [
      'beside other exports that do nothing by being there',
      `${REFRESH_BOOK}\nexport const PREFIX = '/books'\n`,
    ],
    ['with types that are imported as values', REFRESH_BOOK.replaceAll('import type', 'import')],
  ])('goes: one %s', (_what, hook) => {
    expect(gone(oneHook(hook))).toEqual({ [LIST]: 'refreshBook' });
  });

  const body = (text: string) => hookWith(`${text}\n  return doc`);
  test.each<[what: string, hook: string]>([
    ['makes nothing stale', body("payload.logger.info('x')")],
    ['writes', body("revalidatePath('/')\n  payload.update({ collection: 'books', id: 1, data: {} })")],
    [
      'waits for something',
      body("await payload.find({ collection: 'books' })\n  revalidatePath('/')").replace('= (', '= async ('),
    ],
    ['tells somebody else', body("revalidatePath('/')\n  fetch('https://cdn.example/purge')")],
    ['tells somebody else in an argument', body("revalidatePath(purge('/'))")],
    ['tells somebody else in a text', body(`revalidatePath(\`/\${purge()}\`)`)],
    ['tells somebody else in a condition', body("if (purge()) revalidatePath('/')")],
    ['computes by a function of the site', body('const path = pathOf(doc)\n  revalidatePath(path)')],
    ['logs otherwise', body("payload.logger.error('x')\n  revalidatePath('/')")],
    ['logs to the console', body("console.log('x')\n  revalidatePath('/')")],
    ['returns another document', hookWith("revalidatePath('/')\n  return { ...doc }")],
    ['returns the document before', hookWith("revalidatePath('/')\n  return previousDoc")],
    ['returns a promise', hookWith("return revalidatePath('/')")],
    ['changes the document', body("doc.seen = true\n  revalidatePath('/')")],
    ['changes it while it counts', body(`revalidatePath(\`/\${doc.count++}\`)`)],
    ['changes it in an argument', body('revalidatePath((doc.slug = "x"))')],
    ['deletes of it', body("delete doc.slug\n  revalidatePath('/')")],
    ['counts with a variable', body("let path = '/'\n  revalidatePath(path)")],
    ['goes over a list', body('for (const it of doc.all) revalidatePath(it)')],
    ['catches', body("try {\n    revalidatePath('/')\n  } catch {}")],
    ['throws', body("if (!doc) throw new Error('x')\n  revalidatePath('/')")],
    ['has a default that does something', hookWith("revalidatePath('/')\n  return doc", '{ doc = load() }')],
    ['takes its argument whole', hookWith("revalidatePath('/')\n  return args.doc", 'args')],
    ['takes the rest', hookWith("revalidatePath('/')\n  return doc", '{ doc, ...rest }')],
    [
      'has a function of its own of that name',
      hookWith("revalidatePath('/')\n  return doc", '{ doc, revalidatePath }'),
    ],
    ['takes it from elsewhere', REFRESH_BOOK.replace("'next/cache'", "'../purge'")],
    [
      'takes it by a namespace',
      body("cache.revalidatePath('/')").replace('{ revalidatePath, revalidateTag }', '* as cache'),
    ],
    [
      'makes something else stale',
      body("updateTag('x')\n  revalidatePath('/')").replace(
        '{ revalidatePath',
        '{ updateTag, revalidatePath',
      ),
    ],
    [
      'is wrapped',
      REFRESH_BOOK.replace('= ({', '= quietly(({').replace(
        'return doc\n}\n\nexport const refreshGone',
        'return doc\n})\n\nexport const refreshGone',
      ),
    ],
    [
      'is exported elsewhere',
      `${REFRESH_BOOK.replace('export const refreshBook', 'const refreshBook')}\nexport { refreshBook }\n`,
    ],
    ['is brought by another module', "export { refreshBook } from './other'\nimport 'next/cache'\n"],
    [
      'is the default',
      REFRESH_BOOK.replace('export const refreshBook', 'const refreshBook').concat(
        'export default refreshBook\n',
      ),
    ],
    ['can be replaced', REFRESH_BOOK.replace('export const refreshBook', 'export let refreshBook')],
    [
      'is a generator',
      hookWith('').replace(
        /export const[\s\S]*/,
        "export function* refreshBook({ doc }) {\n  revalidatePath('/')\n  return doc\n}\n",
      ),
    ],
    ['lies in a module that does something', `${REFRESH_BOOK}\nregister(refreshBook)\n`],
    ['lies in a module that computes something', `${REFRESH_BOOK}\nexport const client = connect()\n`],
    [
      'lies in a module that loads another',
      REFRESH_BOOK.replace('import type { Book }', "import '../instrument'\nimport type { Book }"),
    ],
    [
      'lies in a module that uses another',
      `${REFRESH_BOOK}\nimport { url } from '../url'\nexport const at = () => url()\n`,
    ],
    ['lies in a module that exports all of another', `${REFRESH_BOOK}\nexport * from '../other'\n`],
    ['lies in a module of server actions', `'use server'\n${REFRESH_BOOK}`],
  ])('left: one that %s', (_what, hook) => {
    expect(hook).not.toBe(REFRESH_BOOK);
    expect(gone(oneHook(hook))).toEqual({});
  });
});

describe('caches', () => {
  const PATH = 'src/utilities/globals.ts';
  const rest = {
    'src/Menu/config.ts': MENU,
    'src/Menu/hooks/refreshMenu.ts': SITE['src/Menu/hooks/refreshMenu.ts']!,
  };

  test('the plain function takes the place of the call, and calls of it go on to work', () => {
    expect(without({ [PATH]: GLOBALS }, PATH)).toBe(
      GLOBALS.replace("import { unstable_cache } from 'next/cache'\n", '').replace(
        /unstable_cache\((async.*), \[slug\][\s\S]*\}\)\n/,
        '$1\n',
      ),
    );
    const path = 'src/app/shelf.xml/route.ts';
    expect(without({ [path]: SHELF }, path)).toBe(
      SHELF.replace("import { unstable_cache } from 'next/cache'\n", '')
        .replace('= unstable_cache(\n', '=\n')
        .replace("  },\n  ['shelf'],\n  {\n    tags: ['shelf'],\n  },\n)", '  }'),
    );
  });

  test('a call on a line of its own gives way to a function there', () => {
    const text = GLOBALS.replace('unstable_cache(async', 'unstable_cache(\n    async').replace(
      '[slug], {',
      '\n    [slug], {',
    );
    expect(without({ [PATH]: text }, PATH)).toContain(
      'depth = 0) =>\n  async () => readGlobal<T>(slug, depth)\n',
    );
  });

  test('white space in a text stays', () => {
    const inner =
      'async () => {\n      const payload = await getPayload({ config: configPromise })\n      const x = `\n      x`\n      return payload.find({ collection: x })\n    }';
    const text = GLOBALS.replace(
      /=>\n {2}unstable_cache[\s\S]*/,
      `=>\n  unstable_cache(\n    ${inner}, [slug, depth])\n`,
    )
      .replace('(slug: T, depth = 0) =>', '() =>')
      .replace('[slug, depth]', "['a']");
    expect(without({ [PATH]: text }, PATH)).toContain('const x = `\n      x`\n');
  });

  test.each<[what: string, text: string]>([
    ['a time', GLOBALS.replace('tags: [', 'revalidate: 60,\n    tags: [')],
    ['options from elsewhere', GLOBALS.replace(`{\n    tags: [\`global_\${slug}\`],\n  }`, 'options')],
    ['a tag that is computed', GLOBALS.replace(`\`global_\${slug}\``, 'tagOf(slug)')],
    [
      'a tag that is imported',
      GLOBALS.replace(`\`global_\${slug}\``, 'TAG').concat("import { TAG } from './tags'\n"),
    ],
    ['a key that is computed', GLOBALS.replace('[slug], {', '[keyOf(slug)], {')],
    [
      'a parameter for the key alone',
      GLOBALS.replace('depth = 0) =>\n', 'depth = 0, locale: string) =>\n').replace(
        '[slug], {',
        '[slug, locale], {',
      ),
    ],
    ['a comment in the call', GLOBALS.replace('[slug], {', '[slug], { // by slug')],
    ['a call of what it gives', GLOBALS.replace(/\}\)\n$/, '})()\n')],
    [
      'a call in a function',
      GLOBALS.replace('=>\n  unstable_cache', '=>\n  wrap(unstable_cache').replace(/\}\)\n$/, '}))\n'),
    ],
    [
      'a call in a block',
      GLOBALS.replace('=>\n  unstable_cache', '=> {\n  return unstable_cache').replace(/\}\)\n$/, '})\n}\n'),
    ],
    ['a type of its own', GLOBALS.replace('depth = 0) =>\n', 'depth = 0): () => Promise<unknown> =>\n')],
    ['a function with parameters', GLOBALS.replace('async () =>', 'async (slug) =>')],
    ['a function that is named', GLOBALS.replace('async () => readGlobal<T>(slug, depth)', 'readGlobal')],
    [
      'a function of another module',
      GLOBALS.replace('async function readGlobal', 'async function other').concat(
        "import { readGlobal } from './other'\n",
      ),
    ],
    [
      'a function that is declared twice',
      GLOBALS.concat('export const f = (readGlobal: () => void) => readGlobal()\n'),
    ],
    ['a query of another', GLOBALS.replace('payload.findGlobal', 'client.findGlobal')],
    ['a write', GLOBALS.replace('payload.findGlobal', 'payload.updateGlobal')],
    ['a request', GLOBALS.replace('return found', "return fetch('https://weather.example')")],
    ['a request in an argument', GLOBALS.replace('depth,\n    over', 'depth: await depthOf(),\n    over')],
    ['something thrown', GLOBALS.replace('return found', "throw new Error('x')")],
    ['something caught', GLOBALS.replace('return found', 'try { return found } catch { return null }')],
    ['something counted', GLOBALS.replace('return found', 'calls++\n\n  return found')],
    [
      'a Payload from elsewhere',
      GLOBALS.replace("getPayload } from 'payload'", "getPayload } from '@/payload'"),
    ],
    [
      'no query',
      GLOBALS.replace(
        'await payload.findGlobal({\n    slug,\n    depth,\n    overrideAccess: true,\n  })',
        '{ slug, depth }',
      ),
    ],
    ['a name from elsewhere', GLOBALS.replace("'next/cache'", "'@/cache'")],
    [
      'a name of its own',
      GLOBALS.replace(
        "import { unstable_cache } from 'next/cache'",
        'const unstable_cache = (f, ..._: unknown[]) => f',
      ),
    ],
    [
      'a namespace',
      GLOBALS.replace('{ unstable_cache }', '* as cache').replace('unstable_cache(', 'cache.unstable_cache('),
    ],
    ['an import with a comment', GLOBALS.replace("'next/cache'", "'next/cache' // kept")],
    ['a call that may not be there', GLOBALS.replace('unstable_cache(', 'unstable_cache?.(')],
    ['a variable that can change', GLOBALS.replace('export const kept', 'export let kept')],
    ['a function that is not async', GLOBALS.replace('unstable_cache(async ()', 'unstable_cache(()')],
    ['a map by a function of the site', GLOBALS.replace('return found', 'return found.map(shown)')],
    ['a map that does something', GLOBALS.replace('return found', 'return found.map((it) => send(it))')],
  ])('left: one with %s, and hooks with it', (_what, text) => {
    expect(text).not.toBe(GLOBALS);
    const found = find({ ...rest, [PATH]: text });
    expect(found.files).toEqual([]);
    if (/\bunstable_cache\b/.test(text)) expect(found.kept).toMatchObject({ path: PATH });
  });
});

describe('what the site keeps besides', () => {
  const MENU_ONLY = {
    'src/Menu/config.ts': MENU,
    'src/Menu/hooks/refreshMenu.ts': SITE['src/Menu/hooks/refreshMenu.ts']!,
  };
  test.each<[what: string, path: string, text: string]>([
    ["'use cache'", 'src/app/x.ts', "export async function x() {\n  'use cache'\n  return 1\n}\n"],
    [
      "'use cache' in a life of its own",
      'src/app/x.ts',
      "export async function x() {\n  'use cache: remote'\n  return 1\n}\n",
    ],
    [
      'unstable_cache',
      'src/app/x.ts',
      "import { unstable_cache } from 'next/cache'\nexport const x = unstable_cache(weather)\n",
    ],
    [
      'unstable_cache of a namespace',
      'src/app/x.ts',
      "import * as cache from 'next/cache'\nexport const x = cache.unstable_cache(weather)\n",
    ],
    [
      'a fetch with tags',
      'src/app/x.ts',
      "export const x = () => fetch(url, { next: { tags: ['global_menu'] } })\n",
    ],
    [
      'a fetch with a time',
      'src/app/x.ts',
      'export const x = () => fetch(url, { next: { revalidate: 60 } })\n',
    ],
    ['a fetch that is kept', 'src/app/x.ts', "export const x = () => fetch(url, { cache: 'force-cache' })\n"],
    ['answers of its API', 'src/app/page.tsx', `export const x = () => fetch(\`\${url}/api/books\`)\n`],
    [
      'answers of GraphQL',
      'src/app/page.tsx',
      "import { request } from 'graphql-request'\nexport const x = () => request('/api/graphql', query)\n",
    ],
  ])('hooks stay where it has %s', (_what, path, text) => {
    const found = find({ ...MENU_ONLY, [path]: text });
    expect(found.files).toEqual([]);
    expect(found.kept).toMatchObject({ path, line: expect.any(Number) });
  });

  test.each<[what: string, text: string]>([
    [
      'a request of the browser',
      "'use client'\nexport const send = () => fetch('/api/forms', { method: 'POST' })\n",
    ],
    [
      'a request for one visitor',
      "import { cookies } from 'next/headers'\nexport const me = async () => fetch('/api/users/me', await cookies())\n",
    ],
    ['a comment', '// unstable_cache, force-cache and `use cache` are not used\nexport const next = 1\n'],
    ['a request elsewhere', "export const x = () => fetch('https://images.example/1.webp')\n"],
  ])('and go where it has only %s', (_what, text) => {
    expect(gone({ ...MENU_ONLY, 'src/app/x.ts': text })).toEqual({ 'src/Menu/config.ts': 'refreshMenu' });
  });

  test('nothing goes where Next wants everything that waits to be kept', () => {
    const found = find({ ...SITE, 'next.config.ts': 'export default { cacheComponents: true }\n' });
    expect(found.files).toEqual([]);
    expect(found.kept).toEqual({ path: 'next.config.ts', line: 1, what: '`cacheComponents`', all: true });
  });

  const TELLS =
    "import { revalidateTag } from 'next/cache'\nexport const GET = () => revalidateTag('global_menu')\n";
  test.each([
    ['a route', 'src/app/refresh/route.ts', TELLS],
    ['a server action', 'src/actions.ts', `'use server'\n${TELLS}`],
  ])('nothing goes where %s makes stale what has a tag', (_what, path, text) => {
    const found = find({ ...SITE, [path]: text });
    expect(found.files).toEqual([]);
    expect(found.kept).toMatchObject({ path, what: '`revalidateTag`', all: true });
    expect(gone({ ...MENU_ONLY, [path]: text })).toEqual({ 'src/Menu/config.ts': 'refreshMenu' });
  });

  test('hooks stay where queries go past Payload, migrations apart', () => {
    const text = 'export const x = ({ payload }) => payload.db.drizzle.run(sql)\n';
    expect(find({ ...MENU_ONLY, 'src/app/x.ts': text }).kept).toMatchObject({
      what: '`drizzle`',
      all: false,
    });
    expect(gone({ ...MENU_ONLY, 'src/migrations/1.ts': text })).not.toEqual({});
  });

  test('files of the tool are none of the site', () => {
    const text = "'use cache'\n";
    expect(find({ ...MENU_ONLY, 'src/payload-kv/index.ts': text }).kept).toBeUndefined();
  });
});

describe('for every list', () => {
  const element = fc.constantFrom('refreshBook', 'signed', '...shared', 'tell(refreshBook)', 'refreshGone');
  const lists = fc.record({
    elements: fc.array(element, { maxLength: 5 }),
    lines: fc.boolean(),
    comma: fc.boolean(),
    others: fc.subarray(['beforeChange: [signed]', 'afterDelete: [refreshGone]', '...hooks']),
    crlf: fc.boolean(),
  });

  test('what goes is just what is recognised, and its lines bring it back', () => {
    fc.assert(
      fc.property(lists, ({ elements, lines, comma, others, crlf }) => {
        const end = comma && elements.length > 0 ? ',' : '';
        const inner = lines ? `\n      ${elements.join(',\n      ')}${end}\n    ` : elements.join(', ') + end;
        const members = [`afterChange: [${inner}]`, ...others].map((it) => `    ${it},\n`).join('');
        const before = BOOKS.replace(
          / {2}hooks: \{[\s\S]*?\n {2}\},\n/,
          `  hooks: {\n${members}  },\n`,
        ).replaceAll('\n', crlf ? '\r\n' : '\n');
        const texts = { [HOOK]: REFRESH_BOOK, [LIST]: before };
        const after = without(texts, LIST);
        const left = elements.filter((it) => it !== 'refreshBook' && it !== 'refreshGone');
        const list = /afterChange: \[([^\]]*)\]/.exec(after)?.[1] ?? '';
        expect(
          list
            .split(',')
            .map((it) => it.trim())
            .filter(Boolean),
        ).toEqual(left);
        expect(after.includes('...hooks')).toBe(others.includes('...hooks'));
        expect(undoHunks(after, hunksOf(before, after))).toEqual({ text: before, missed: [] });
        expect(gone({ ...texts, [LIST]: after })).toEqual({});
        expect(syntaxErrors(ts.createSourceFile(LIST, after, ts.ScriptTarget.Latest, true))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

test('nothing is left that nothing uses', () => {
  const texts = Object.fromEntries(
    Object.entries(SITE).map(([path, text]) => [path, find(SITE).without(path, text)]),
  );
  expect(unusedNames(SITE)).toEqual([]);
  expect(unusedNames(texts)).toEqual([]);
  const list = `${BOOKS}\nimport { something } from './something'\n`;
  expect(unusedNames({ ...texts, [LIST]: list })).toEqual([expect.stringContaining('something')]);
});

/** What the compiler says of names that nothing uses. */
function unusedNames(texts: Texts): string[] {
  const options: ts.CompilerOptions = {
    noUnusedLocals: true,
    noUnusedParameters: true,
    noResolve: true,
    noLib: true,
  };
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(options),
    fileExists: (path) => path in texts,
    readFile: (path) => texts[path],
    getSourceFile: (path, target) =>
      texts[path] === undefined ? undefined : ts.createSourceFile(path, texts[path], target, true),
  };
  const program = ts.createProgram(Object.keys(texts), options, host);
  return program
    .getSourceFiles()
    .flatMap((source) => program.getSemanticDiagnostics(source))
    .filter(({ code }) => [6133, 6192, 6196, 6198].includes(code))
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}
