import { Inject, Injectable, Module, type Type } from '@nestjs/common';
import { afterEach, describe, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory, type Namespace } from '../../src/runtime/index.js';
import {
  type CacheSource,
  type CacheSourceFactory,
  InjectCache,
  InjectNamespace,
  PayloadKVModule,
} from '../../src/runtime/nestjs.js';
import { type RunningApplication, startApplication } from './application.js';

let running: RunningApplication | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

@Injectable()
class Shop {
  constructor(@InjectCache() readonly cache: StandaloneCache) {}
}

@Injectable()
class Two {
  constructor(
    @InjectCache('sessions') readonly sessions: StandaloneCache,
    @InjectCache('prices') readonly prices: StandaloneCache,
  ) {}
}

async function started(module: Type): Promise<RunningApplication> {
  running = await startApplication(module);
  return running;
}

test('one cache, of options, which is closed with the application', async () => {
  @Module({ imports: [PayloadKVModule.forRoot({ store: memory(), ttl: '1m' })], providers: [Shop] })
  class Root {}
  const { app } = await started(Root);
  const { cache } = app.get(Shop);
  await cache.set('a', 1);
  expect(await cache.get('a')).toEqual({ value: 1 });
  await app.close();
  await expect(cache.set('a', 2)).rejects.toThrow(expect.objectContaining({ code: 'CACHE_CLOSED' }));
});

test('a cache that was there before stays open', async () => {
  const cache = createCache({ store: memory() });
  @Module({ imports: [PayloadKVModule.forRoot({ cache })], providers: [Shop] })
  class Root {}
  const { app } = await started(Root);
  expect(app.get(Shop).cache).toBe(cache);
  await app.close();
  await cache.set('a', 1);
  expect(await cache.get('a')).toEqual({ value: 1 });
  await cache.close();
});

test('several, by their names', async () => {
  @Module({
    imports: [
      PayloadKVModule.forRoot([
        { name: 'sessions', store: memory() },
        { name: 'prices', store: memory() },
      ]),
    ],
    providers: [Two],
  })
  class Root {}
  const { sessions, prices } = (await started(Root)).app.get(Two);
  await sessions.set('a', 1);
  expect(await prices.get('a')).toBeUndefined();
});

test('a module that does not import it has it only where it is global', async () => {
  @Module({ providers: [Shop] })
  class Feature {}
  @Module({ imports: [PayloadKVModule.forRoot({ store: memory(), isGlobal: true }), Feature] })
  class Global {}
  expect((await started(Global)).app.get(Shop, { strict: false }).cache).toBeDefined();
  @Module({ imports: [PayloadKVModule.forRoot({ store: memory() }), Feature] })
  class Local {}
  await expect(startApplication(Local)).rejects.toThrow('cache "default" of PayloadKVModule.forRoot()');
});

describe('of other providers', () => {
  @Injectable()
  class Settings implements CacheSourceFactory {
    createCacheOptions(): CacheSource {
      return { store: memory(), ttl: '1m' };
    }
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  test.each([
    ['useClass', { useClass: Settings }],
    ['useExisting', { imports: [SettingsModule], useExisting: Settings }],
    [
      'useFactory',
      {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async (settings: Settings) => settings.createCacheOptions(),
      },
    ],
    [
      'extraProviders',
      {
        extraProviders: [{ provide: 'ttl', useValue: '1m' }],
        inject: ['ttl'],
        useFactory: (ttl: '1m') => ({ store: memory(), ttl }),
      },
    ],
  ])('%s', async (_how, options) => {
    @Module({ imports: [PayloadKVModule.forRootAsync(options)], providers: [Shop] })
    class Root {}
    const { cache } = (await started(Root)).app.get(Shop);
    await cache.set('a', 1);
    expect(await cache.get('a')).toEqual({ value: 1 });
  });

  test('several, with a name each', async () => {
    const useFactory = () => ({ store: memory() });
    @Module({
      imports: [
        PayloadKVModule.forRootAsync([
          { name: 'sessions', useFactory },
          { name: 'prices', useFactory },
        ]),
      ],
      providers: [Two],
    })
    class Root {}
    const { sessions, prices } = (await started(Root)).app.get(Two);
    expect(sessions).not.toBe(prices);
  });

  test('that nobody makes one is said', () => {
    expect(() => PayloadKVModule.forRootAsync({ name: 'prices' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CACHE_OPTIONS',
        message: expect.stringContaining('"prices"'),
      }),
    );
  });

  test('what the factory throws ends the start', async () => {
    @Module({
      imports: [PayloadKVModule.forRootAsync({ useFactory: () => Promise.reject(new Error('no settings')) })],
    })
    class Root {}
    await expect(startApplication(Root)).rejects.toThrow('no settings');
  });
});

describe('names', () => {
  const taken = expect.objectContaining({
    code: 'CACHE_NAME_TAKEN',
    message: 'The application has two caches of the name "prices".',
  });

  test('two of one name in a list are refused', () => {
    const options = { name: 'prices', store: memory() };
    expect(() => PayloadKVModule.forRoot([options, options])).toThrow(taken);
  });

  test('two of one name in the modules of an application are refused when it starts', async () => {
    @Module({ imports: [PayloadKVModule.forRoot({ name: 'prices', store: memory() })] })
    class One {}
    @Module({ imports: [PayloadKVModule.forRoot({ name: 'prices', store: memory() })] })
    class Other {}
    @Module({ imports: [One, Other] })
    class Root {}
    await expect(startApplication(Root)).rejects.toThrow(taken);
  });

  test('the same module imported twice is one', async () => {
    const shared = PayloadKVModule.forRoot({ store: memory() });
    @Module({ imports: [shared], providers: [Shop] })
    class One {}
    @Module({ imports: [shared, One] })
    class Root {}
    await started(Root);
  });

  test('one that is not there is named with what registers it', async () => {
    @Module({ imports: [PayloadKVModule.forRoot({ store: memory() })], providers: [Two] })
    class Root {}
    await expect(startApplication(Root)).rejects.toThrow(
      `cache "sessions" of PayloadKVModule.forRoot({ name: 'sessions' })`,
    );
  });
});

test('a namespace of a global cache', async () => {
  @Injectable()
  class Prices {
    constructor(
      @InjectNamespace('prices') readonly prices: Namespace,
      @InjectCache() readonly cache: StandaloneCache,
    ) {}
  }
  @Module({ imports: [PayloadKVModule.forFeature('prices', { ttl: '10m' })], providers: [Prices] })
  class Feature {}
  @Module({ imports: [PayloadKVModule.forRoot({ store: memory(), isGlobal: true }), Feature] })
  class Root {}
  const { prices, cache } = (await started(Root)).app.get(Prices, { strict: false });
  await prices.set(['tea'], 2.5);
  expect(await cache.get(['tea'], { namespace: 'prices' })).toEqual({ value: 2.5 });
  await prices.clear();
  expect(await prices.get(['tea'])).toBeUndefined();
});

test('a property can have it injected as well', async () => {
  @Injectable()
  class Shelf {
    @InjectCache() readonly cache!: StandaloneCache;
    constructor(@Inject(Shop) readonly shop: Shop) {}
  }
  @Module({ imports: [PayloadKVModule.forRoot({ store: memory() })], providers: [Shop, Shelf] })
  class Root {}
  const shelf = (await started(Root)).app.get(Shelf);
  expect(shelf.cache).toBe(shelf.shop.cache);
});
