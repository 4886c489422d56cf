import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory } from '../../src/runtime/index.js';
import { COMPILERS, type Kind, load, removeCompiled } from './compilers.js';

const SOURCE = `import { Cached, CacheEvict, CachePut } from 'payload-kv/decorators';
  const cache = (self) => self.cache;
  export class Service {
    cache;
    runs = [];
    fails = false;
    made(what) {
      this.runs.push(what);
      if (this.fails) throw new Error('failed');
      return this.runs.length;
    }
    @Cached({ namespace: 'numbers', key: '#{0}', tags: ['numbers'], ttl: '1h', cache })
    async of(id) { return this.made('of'); }
    @CachePut({ namespace: 'numbers', key: '#{0}', cache })
    async put(id, value) { this.made('put'); return value; }
    @CacheEvict({ namespace: 'numbers', key: '#{0}', cache })
    async remove(id) { this.made('remove'); }
    @CacheEvict({ tags: ['numbers'], cache })
    async removeTagged() { this.made('removeTagged'); }
    @Cached({ namespace: 'around', cache })
    async around(id) { this.made('around'); return [await this.of(id), await this.of(id)]; }
  }`;

interface Service {
  cache: StandaloneCache | undefined;
  runs: string[];
  fails: boolean;
  of(id: unknown): Promise<number>;
  put(id: unknown, value: unknown): Promise<unknown>;
  remove(id: unknown): Promise<void>;
  removeTagged(): Promise<void>;
  around(id: unknown): Promise<[number, number]>;
}

afterAll(removeCompiled);

const KINDS: Kind[] = ['standard', 'legacy'];
describe.each(KINDS)('in a cache without Payload, with %s decorators', (kind) => {
  let cache: StandaloneCache;
  let service: Service;
  beforeEach(async () => {
    const compiler = COMPILERS.find((each) => each.kind === kind)!;
    cache = createCache({ store: memory() });
    const { Service } = await load<{ Service: new () => Service }>(compiler, SOURCE);
    service = new Service();
    service.cache = cache;
  });
  afterEach(() => cache.close());

  async function runsOf(call: () => Promise<unknown>): Promise<string[]> {
    await cache.settle();
    service.runs.length = 0;
    await call();
    return [...service.runs];
  }
  const read = () => runsOf(() => service.of(1));

  test('results are kept, put and made stale', async () => {
    expect([await read(), await read()]).toEqual([['of'], []]);
    await service.put(1, 'put');
    await cache.settle();
    expect(await service.of(1)).toBe('put');
    await service.remove(1);
    expect([await read(), await read()]).toEqual([['of'], []]);
    await service.removeTagged();
    expect([await read(), await read()]).toEqual([['of'], []]);
    await cache.invalidate({ tags: ['numbers'] });
    expect([await read(), await read()]).toEqual([['of'], []]);
  });

  test('concurrent calls run once, and a method within another is what that depends on', async () => {
    expect(await runsOf(() => Promise.all([service.of(2), service.of(2), service.of(2)]))).toEqual(['of']);
    expect(await runsOf(() => service.around(1))).toEqual(['around', 'of']);
    expect(await runsOf(() => service.around(1))).toEqual([]);
    await service.remove(1);
    expect(await runsOf(() => service.around(1))).toEqual(['around', 'of']);
  });

  test('what would change a cache that was closed is not begun, and what reads runs', async () => {
    await cache.close();
    for (const call of [() => service.put(1, 2), () => service.remove(1), () => service.removeTagged()])
      await expect(call()).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    expect(service.runs).toEqual([]);
    expect([await read(), await read()]).toEqual([['of'], ['of']]);
  });

  test('where several caches could be meant, nothing is begun', async () => {
    const other = createCache({ store: memory() });
    service.cache = undefined;
    try {
      for (const call of [() => service.put(1, 2), () => service.removeTagged(), () => service.of(1)])
        await expect(call()).rejects.toMatchObject({ code: 'SEVERAL_INSTANCES' });
      expect(service.runs).toEqual([]);
    } finally {
      await other.close();
    }
    await service.put(1, 2);
    await cache.settle();
    expect(await service.of(1)).toBe(2);
  });

  test('what has no cache of its own named is not a cache', async () => {
    service.cache = {} as StandaloneCache;
    await expect(service.put(1, 2)).rejects.toMatchObject({ code: 'INVALID_CACHE' });
    expect(service.runs).toEqual([]);
  });
});
