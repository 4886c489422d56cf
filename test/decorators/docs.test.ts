import type { Payload } from 'payload';
import { Project } from 'ts-morph';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { StandaloneCache } from '../../src/runtime/cache.js';
import { invalidateCache, memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { blocks, readDocument } from '../docs/blocks.js';
import { type Started, startBlog } from '../support/payload.js';
import { repository } from '../support/repository.js';
import { COMPILERS, load, removeCompiled } from './compilers.js';

const PAGE = 'docs/decorators.md';
/** Snippets of both kinds of decorators, and those of legacy ones alone. */
const codeOf = (language: 'ts' | 'typescript'): string[] =>
  blocks()
    .filter((block) => block.place.startsWith(`${PAGE}:`) && block.language === language)
    .map(({ code }) => code);

const GIVEN = 'const { payload } = globalThis.givenToSnippets;\n';
let site: Started;
let payload: Payload;
beforeAll(async () => {
  site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 3 });
  ({ payload } = site);
  vi.stubGlobal('givenToSnippets', { payload });
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await Promise.all([site?.stop(), removeCompiled()]);
});

describe.each(COMPILERS)('$kind decorators, compiled by $name', (compiler) => {
  test('the first snippet of the page does what the page says', async () => {
    await invalidateCache(payload, 'everything');
    const [first = ''] = codeOf('ts');
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => new Response(String(asked.push(url))));
    const { Posts, Rates } = await load<{
      Posts: new () => { bySlug(slug: string): Promise<{ id: number; title: string } | null> };
      Rates: new () => {
        of(currency: string): Promise<number>;
        set(currency: string, rate: number): Promise<number>;
        remove(currency: string): Promise<void>;
        closeDay(): Promise<void>;
      };
    }>(compiler, GIVEN + first);

    const { docs } = await payload.find({ collection: 'posts', limit: 1, sort: 'id' });
    const slug = (docs[0] as unknown as { slug: string }).slug;
    const find = vi.spyOn(payload, 'find');
    // What it populates is found by the same.
    const runs = () => find.mock.calls.filter(([{ where }]) => where && 'slug' in where).length;
    const posts = new Posts();
    const post = await posts.bySlug(slug);
    await settleCache(payload);
    expect(await posts.bySlug(slug)).toEqual(post);
    expect(runs()).toBe(1);
    await payload.update({ collection: 'posts', id: post!.id, data: { title: compiler.name } });
    expect(await posts.bySlug(slug)).toMatchObject({ title: compiler.name });
    for (let time = 0; time < 2; time++) expect(await posts.bySlug('nowhere')).toBeNull();
    expect(runs()).toBe(4);
    find.mockRestore();

    const rates = new Rates();
    const rate = async (): Promise<number> => {
      await settleCache(payload);
      return rates.of('EUR');
    };
    await rates.closeDay();
    expect([await rate(), await rate()]).toEqual([1, 1]);
    await rates.set('EUR', 7);
    expect(await rate()).toBe(7);
    await rates.remove('EUR');
    expect([await rate(), await rate()]).toEqual([2, 2]);
    await rates.closeDay();
    expect(await rate()).toBe(3);
  });

  test('a cache of `this` keeps what its methods return', async () => {
    const [, second = ''] = codeOf('ts');
    const { Weather } = await load<{
      Weather: new () => { cache: StandaloneCache; in(city: string): Promise<string> };
    }>(compiler, second);
    const [one, other] = [new Weather(), new Weather()];
    try {
      for (let time = 0; time < 2; time++) {
        expect(await one.in('Bergen')).toBe('sun in Bergen');
        await one.cache.settle();
      }
      expect(await one.cache.namespace('weather').get(['Bergen'])).toEqual({ value: 'sun in Bergen' });
      expect(await other.cache.namespace('weather').get(['Bergen'])).toBeUndefined();
      expect(await one.cache.getStats()).toMatchObject({ hits: 2 });
    } finally {
      await Promise.all([one.cache.close(), other.cache.close()]);
    }
  });

  if (compiler.kind !== 'legacy') return;
  test('marked parameters are the key', async () => {
    const [only = '', ...others] = codeOf('typescript');
    expect(others).toEqual([]);
    const { Greetings } = await load<{
      Greetings: new () => { greet(name: string, trace: string): Promise<string> };
    }>(compiler, GIVEN + only);
    const greetings = new Greetings();
    expect(await greetings.greet('Ida', 'a')).toBe('Hello, Ida');
    await settleCache(payload);
    expect(await greetings.greet('Ida', 'b')).toBe('Hello, Ida');
  });
});

test('the page names every option', () => {
  const project = new Project({ skipAddingFilesFromTsConfig: true });
  const page = readDocument(PAGE);
  expect(codeOf('ts')).toHaveLength(2);
  const rowsOf = (decorator: string): string => {
    const from = page.indexOf(`| \`${decorator}\` |`);
    return page.slice(from, page.indexOf('\n\n', from));
  };
  const options = {
    '@Cached': ['cached.ts', 'CachedMethodOptions'],
    '@CachePut': ['cache-put.ts', 'CachePutOptions'],
    '@CacheEvict': ['cache-evict.ts', 'CacheEvictOptions'],
  } as const;
  for (const [decorator, [file, name]] of Object.entries(options)) {
    const source = project.addSourceFileAtPath(`${repository}/src/runtime/decorators/${file}`);
    const names = source
      .getInterfaceOrThrow(name)
      .getProperties()
      .map((property) => property.getName());
    expect(names.length).toBeGreaterThan(5);
    for (const each of [...names, 'payload', 'cache']) expect(rowsOf(decorator)).toContain(`\`${each}\``);
  }
});
