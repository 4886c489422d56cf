import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory } from '../../src/runtime/index.js';
import { COMPILERS, type Kind, load, removeCompiled } from './compilers.js';

const SOURCE = `import { Cached, CacheEvict, CachePut } from 'payload-kv/decorators';
  const cache = (self) => self.cache;
  const failing = (what) => (...given) => {
    if (world.failing === what) throw new Error(what + ' failed');
    return what === 'tags' ? [] : what === 'unless' ? false : [given[0][0]];
  };
  export const world = { failing: undefined, price: 1, fails: false };
  export class Prices {
    cache;
    @Cached({ namespace: 'prices', key: '#{0}', tags: ['prices'], ttl: 1, staleIfError: '1h', cache })
    async of(id) {
      if (world.fails) throw new Error('failed');
      return world.price;
    }
    @CachePut({ namespace: 'prices', key: failing('key'), tags: failing('tags'), unless: failing('unless'), cache })
    async put(id, price) {
      world.price = price;
      return price;
    }
    @CacheEvict({ namespace: 'prices', key: '#{0}', before: true, cache })
    async evictBefore(id) {
      return this.of(id);
    }
    @CacheEvict({ tags: ['prices'], cache })
    async evict() {}
  }
  export class Private {
    cache;
    first = (id) => this.#first(id);
    second = (id) => this.#second(id);
    @Cached({ namespace: 'private', cache })
    async #first(id) { return 'first ' + id; }
    @Cached({ namespace: 'private', cache })
    async #second(id) { return 'second ' + id; }
    static cache;
    static third(id) { return this.#third(id); }
    static fourth(id) { return this.#fourth(id); }
    @Cached({ namespace: 'private', cache })
    static async #third(id) { return 'third ' + id; }
    @Cached({ namespace: 'private', cache })
    static async #fourth(id) { return 'fourth ' + id; }
  }
  export class Public extends Private {
    @Cached({ namespace: 'private', cache })
    async fifth(id) { return 'fifth ' + id; }
  }`;

interface Prices {
  cache: StandaloneCache;
  of(id: unknown): Promise<unknown>;
  put(id: unknown, price: unknown): Promise<unknown>;
  evictBefore(id: unknown): Promise<unknown>;
  evict(): Promise<void>;
}
type Call = (id: unknown) => Promise<unknown>;
interface Loaded {
  world: { failing: string | undefined; price: unknown; fails: boolean };
  Prices: new () => Prices;
  Private: (new () => { cache: StandaloneCache; first: Call; second: Call }) & {
    cache: StandaloneCache;
    third: Call;
    fourth: Call;
  };
  Public: new () => { cache: StandaloneCache; first: Call; fifth: Call };
}

afterAll(removeCompiled);

const compilers = (kind: Kind) => COMPILERS.filter((each) => each.kind === kind);

describe.each(compilers('standard'))('decorators of the language, by $name', (compiler) => {
  let cache: StandaloneCache;
  let loaded: Loaded;
  let prices: Prices;
  beforeEach(async () => {
    cache = createCache({ store: memory() });
    loaded = await load<Loaded>(compiler, SOURCE);
    prices = new loaded.Prices();
    prices.cache = cache;
  });
  afterEach(() => cache.close());

  test.each(['key', 'tags', 'unless'])('a put whose %s throws leaves nothing old', async (what) => {
    expect(await prices.of('tea')).toBe(1);
    await cache.settle();
    loaded.world.failing = what;
    await expect(prices.put('tea', 2)).rejects.toThrow(`${what} failed`);
    expect(await prices.of('tea')).toBe(2);
  });

  test('a put whose result throws when it is read leaves nothing old', async () => {
    expect(await prices.of('tea')).toBe(1);
    await cache.settle();
    const hostile = Object.defineProperty({}, 'price', {
      enumerable: true,
      get: () => {
        throw new Error('no price');
      },
    });
    await prices.put('tea', hostile).catch(() => undefined);
    loaded.world.price = 3;
    expect(await prices.of('tea')).toBe(3);
  });

  test('what evicts before it runs does not evict afterwards', async () => {
    await prices.of('tea');
    await cache.settle();
    loaded.world.price = 2;
    expect(await prices.evictBefore('tea')).toBe(2);
    await cache.settle();
    loaded.world.price = 3;
    expect(await prices.of('tea')).toBe(2);
  });

  test('what was evicted does not stand in where the method fails', async () => {
    await prices.of('tea');
    await cache.settle();
    await prices.evict();
    loaded.world.fails = true;
    await expect(prices.of('tea')).rejects.toThrow('failed');
  });

  test('private methods that would share their results are refused', async () => {
    const one = Object.assign(new loaded.Private(), { cache });
    await expect(one.first(1)).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
    await expect(one.second(1)).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
    loaded.Private.cache = cache;
    await expect(loaded.Private.third(1)).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
    await expect(loaded.Private.fourth(1)).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
    const other = Object.assign(new loaded.Public(), { cache });
    await expect(other.fifth(1)).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
  });
});

describe.each(compilers('legacy'))('legacy decorators, by $name', (compiler) => {
  test('a parameter that is marked for nothing is named in the log', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      await load(
        compiler,
        `import { CacheKey, Cached } from 'payload-kv/decorators';
        export class Greetings {
          async greet(@CacheKey() name, time) { return name; }
          @Cached({ namespace: 'greetings' })
          async kept(@CacheKey() name, time) { return name; }
        }`,
      );
      expect(warn.mock.calls).toEqual([[expect.stringContaining('@CacheKey() of "greet"')]]);
    } finally {
      warn.mockRestore();
    }
  });
});
