import 'reflect-metadata';
import type { Payload, PayloadRequest } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  cached,
  type FunctionContext,
  type FunctionCounts,
  getCacheStats,
  invalidateCache,
  memory,
  namespace,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { COMPILERS, loadFile, removeCompiled } from './compilers.js';

type Service = typeof import('./service.js');
type Standard = typeof import('./standard/service.js');
/** Of `legacy/service.ts`, which this program cannot read. */
interface Legacy {
  world: Standard['world'];
  Dependency: new () => object;
  Users: {
    new (): {
      byId(id: number, trace: object, locale?: string): Promise<string>;
      put(value: string, id: number, locale: string): Promise<string>;
      remove(id: number, locale: string): Promise<void>;
      routed(): Promise<string>;
    };
    ofAll(trace: unknown, id: number): Promise<string>;
  };
}

let site: Started;
let payload: Payload;
beforeAll(async () => {
  site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 3 });
  ({ payload } = site);
});
afterAll(() => Promise.all([site?.stop(), removeCompiled()]));

const statsOf = (space: string): FunctionCounts => getCacheStats(payload)!.functions[space]!;

describe.each(COMPILERS)('$kind decorators, compiled by $name', (compiler) => {
  let service: Service;
  let world: Service['world'];
  let users: InstanceType<Service['Users']>;
  let prices: InstanceType<Service['Prices']>;
  let ids: number[];
  let asked = 0;

  beforeAll(async () => {
    service = await loadFile<Service>(compiler, 'service.ts');
    ({ world } = service);
    const { docs } = await payload.db.find<{ id: number }>({ collection: 'posts', sort: 'id' });
    ids = docs.map(({ id }) => id);
  });
  beforeEach(async () => {
    await settleCache(payload);
    await invalidateCache(payload, 'everything');
    users = new service.Users();
    prices = new service.Prices();
    Object.assign(world, { payload, fails: false });
    world.runs.length = 0;
  });

  /** Calls twice; whether the second was answered from the cache. */
  async function isKept(call: () => Promise<unknown>): Promise<boolean> {
    const before = world.runs.length;
    const first = await call();
    await settleCache(payload);
    const ran = world.runs.length;
    expect(ran).toBeGreaterThan(before);
    const second = await call();
    if (world.runs.length > ran) return false;
    expect(second).toEqual(first);
    return true;
  }

  test('a result is kept by what the template names', async () => {
    expect(await isKept(() => users.byUser({ id: 1, name: 'Ida' }))).toBe(true);
    expect(await users.byUser({ id: 1, name: 'Zoe' })).toMatchObject({ what: 'byUser 1' });
    expect(world.runs).toEqual(['byUser 1']);
    await users.byUser({ id: '1' });
    await users.byUser({ id: 2 });
    expect(world.runs).toEqual(['byUser 1', 'byUser 1', 'byUser 2']);
    await settleCache(payload);
    expect(await namespace('users', { payload }).get(['user:', 2])).toMatchObject({
      value: { what: 'byUser 2' },
    });
  });

  test('a call of which the template names nothing is run each time, and counted', async () => {
    const before = statsOf('users')?.bypasses['unknown-argument'] ?? 0;
    expect(await isKept(() => users.byUser({}))).toBe(false);
    await expect(users.byUser(undefined as never)).rejects.toThrow(TypeError);
    expect(statsOf('users').bypasses['unknown-argument']).toBe(before + 3);
    expect(await isKept(() => users.optional(1))).toBe(true);
  });

  test('parameters have names where they are told, and their values stay apart', async () => {
    expect(await isKept(() => users.pair('a:b', 'c'))).toBe(true);
    await users.pair('a', 'b:c');
    expect(world.runs).toEqual(['pair a:b c', 'pair a b:c']);
  });

  test('without a key the arguments are it, and one without a canonical form is not kept', async () => {
    expect(await isKept(() => users.byArguments(1, { a: [new Date(5)] }))).toBe(true);
    expect(await isKept(() => users.byArguments())).toBe(true);
    expect(await isKept(() => users.byArguments(undefined))).toBe(true);
    const before = statsOf('arguments').bypasses['unknown-argument'] ?? 0;
    expect(await isKept(() => users.byArguments(() => 1))).toBe(false);
    expect(statsOf('arguments').bypasses['unknown-argument']).toBe(before + 2);
  });

  test('a function makes the key of arguments and `this`, and payload is asked of `this`', async () => {
    expect(await isKept(() => users.ofTenant(1))).toBe(true);
    const others = new service.Users();
    await others.ofTenant(1);
    expect(world.runs).toEqual(['ofTenant a 1']);
    others.tenant = 'b';
    expect(await isKept(() => others.ofTenant(1))).toBe(true);
    others.tenant = 'nobody';
    await others.ofTenant(1);
    expect(world.runs).toEqual(['ofTenant a 1', 'ofTenant b 1', 'ofTenant nobody 1']);
  });

  test('what it reads through Payload makes it stale, and nothing else does', async () => {
    const [id, other] = ids as [number, number];
    expect(await isKept(() => users.title(id))).toBe(true);
    await payload.update({ collection: 'posts', id: other, data: { title: 'Other' } });
    await users.title(id);
    expect(world.runs).toEqual(['title']);
    const title = `New ${compiler.name} ${compiler.kind}`;
    await payload.update({ collection: 'posts', id, data: { title } });
    expect(await users.title(id)).toBe(title);
    await settleCache(payload);
    expect(await namespace('titles', { payload }).get([`title of ${id}`])).toEqual({ value: title });
  });

  test('a request among the arguments gives way to the one of the run, and its user is in the key', async () => {
    const id = ids[0] as number;
    const as = (user: object | null) =>
      ({ payload, user, headers: new Headers(), context: {} }) as unknown as PayloadRequest;
    const ida = { id: 1, collection: 'users', email: 'ida@site.test' };
    // It is another function's, so that what is read with it is not known to be this one's.
    let used = as(ida);
    const others = ({ req }: FunctionContext) => {
      used = req;
    };
    await cached(others, { key: ['others', compiler.name, compiler.kind], req: used, payload });
    expect(await isKept(() => users.titleFor(id, { req: used }))).toBe(true);
    await users.titleFor(id, { req: as({ ...ida, id: 2 }) });
    expect(world.runs).toEqual(['titleFor', 'titleFor']);
    expect(statsOf('as somebody').notStored).toEqual({});
  });

  /** Whether a cached function around a call is kept, and is made anew once a name is made stale. */
  async function around(call: () => Promise<unknown>, tag: string): Promise<[boolean, boolean]> {
    const outer = (_: FunctionContext) => call();
    asked += 1;
    const key = ['around', asked];
    const ask = () => cached(outer, { key, payload });
    const kept = await isKept(ask);
    const before = world.runs.length;
    await invalidateCache(payload, { tags: [tag] });
    await ask();
    return [kept, world.runs.length > before];
  }

  test('`when` leads past the cache; what runs around it is not kept where it cannot know of the tags', async () => {
    expect(await isKept(() => users.positive(1))).toBe(true);
    expect(await isKept(() => users.positive(0))).toBe(false);
    expect(await around(() => users.positive(2), 'when')).toEqual([true, true]);
    expect(await around(() => users.positive(0), 'when')).toEqual([false, true]);
  });

  test('what `unless` names is returned and not stored, and what runs around it knows what it read', async () => {
    const id = ids[1] as number;
    expect(await isKept(() => users.found(id))).toBe(true);
    expect(await isKept(() => users.found(0))).toBe(true);
    const before = statsOf('unless').notStored?.discarded ?? 0;
    expect(await isKept(() => users.found(999))).toBe(false);
    expect(statsOf('unless').notStored).toEqual({ discarded: before + 2 });
    expect(await around(() => users.found(999), 'unless-999')).toEqual([true, true]);
    // And through Payload.
    const ask = () => cached(() => users.found(998), { key: ['through Payload'], payload });
    expect(await isKept(ask)).toBe(true);
    const { length } = world.runs;
    await invalidateCache(payload, { collection: 'posts', id: 998 });
    await ask();
    expect(world.runs.length).toBe(length + 1);
  });

  test('what is thrown is not kept', async () => {
    world.fails = true;
    await expect(users.failing()).rejects.toThrow('failed');
    await settleCache(payload);
    world.fails = false;
    expect(await isKept(() => users.failing())).toBe(true);
    expect(world.runs).toEqual(['failing', 'failing']);
  });

  test('methods of all kinds: overloaded, named by a symbol, of the class, a getter, one that returns at once', async () => {
    expect(await isKept(() => users.overloaded(1, 'a'))).toBe(true);
    expect(await isKept(() => users.overloaded(1))).toBe(true);
    expect(await isKept(() => users[service.SECRET](1))).toBe(true);
    expect(await isKept(() => service.Users.ofAll(1))).toBe(true);
    expect(world.runs.at(-1)).toBe('ofAll 1 function');
    expect(await isKept(() => users.settings)).toBe(true);
    expect(users.atOnce(1)).toBeInstanceOf(Promise);
    expect(await isKept(async () => users.atOnce(1))).toBe(true);
  });

  test('a method keeps its name and its number of parameters', () => {
    const { byUser, pair } = users;
    expect([byUser.name, byUser.length, pair.name, pair.length]).toEqual(['byUser', 1, 'pair', 2]);
    expect(service.Users.ofAll.name).toBe('ofAll');
    expect(Object.keys(service.Users.prototype)).toEqual([]);
  });

  test('a call without `this`, and before there is a cache, is run', async () => {
    const { byUser } = users;
    expect(await isKept(() => byUser({ id: 5 }))).toBe(true);
    world.payload = undefined;
    // The only one of the process.
    await byUser({ id: 5 });
    expect(world.runs).toEqual(['byUser 5']);
  });

  describe('@CachePut', () => {
    test('always runs, and puts its result where the other reads', async () => {
      await prices.put('tea', 2);
      await prices.put('tea', 3);
      await settleCache(payload);
      expect(await prices.of('tea')).toBe(3);
      expect(world.runs).toEqual(['put tea', 'put tea']);
      await invalidateCache(payload, { tags: ['price-3'] });
      expect(await prices.of('tea')).toBe('read');
    });

    test('makes stale what was there where its result is not stored', async () => {
      for (const unstored of [null, new (class Price {})()]) {
        await prices.put('tea', 2);
        await settleCache(payload);
        expect(await prices.put('tea', unstored)).toBe(unstored);
        await settleCache(payload);
        expect(await prices.of('tea')).toBe('read');
      }
      await settleCache(payload);
      expect(await prices.put(() => 'unknown', 2)).toBe(2);
      await prices.of('tea');
      expect(world.runs.filter((run) => run === 'of tea')).toHaveLength(3);
    });

    test('does nothing where `when` says no, or the method throws', async () => {
      await prices.put('tea', 2);
      await prices.put('tea', 3, true);
      world.fails = true;
      await expect(prices.put('tea', 4)).rejects.toThrow('put failed');
      await settleCache(payload);
      expect(await prices.of('tea')).toBe(2);
    });

    test('knows its key by its result', async () => {
      await prices.create(7);
      await settleCache(payload);
      expect(await prices.of(7)).toEqual({ id: 7 });
    });
  });

  describe('@CacheEvict', () => {
    /** Whether what is read of an item is made anew after a call. */
    async function evicts(call: () => Promise<unknown>, item: unknown = 'tea'): Promise<boolean> {
      await prices.of(item);
      await settleCache(payload);
      const { length } = world.runs.filter((run) => run.startsWith('of'));
      await call();
      await settleCache(payload);
      await prices.of(item);
      return world.runs.filter((run) => run.startsWith('of')).length > length;
    }

    test('makes stale one key, all of a namespace, or what has a tag', async () => {
      expect(await evicts(() => prices.remove('tea'))).toBe(true);
      expect(await evicts(() => prices.remove('coffee'))).toBe(false);
      expect(await evicts(() => prices.removeAll())).toBe(true);
      expect(await evicts(() => prices.closeShop())).toBe(true);
      await prices.put('tea', 5);
      expect(await evicts(() => prices.forget(4))).toBe(false);
      expect(await evicts(() => prices.forget(5))).toBe(true);
    });

    test('makes all of the namespace stale where the key cannot be told', async () => {
      expect(await evicts(() => prices.remove(() => 'tea'))).toBe(true);
      expect(await evicts(() => prices.remove(undefined))).toBe(true);
    });

    test('does nothing where `when` says no', async () => {
      expect(await evicts(() => prices.remove('kept'), 'kept')).toBe(false);
    });

    test('does nothing where the method throws, unless it comes before it', async () => {
      world.fails = true;
      expect(await evicts(() => expect(prices.remove('tea')).rejects.toThrow('remove failed'))).toBe(false);
      await prices.of('tea');
      await settleCache(payload);
      world.runs.length = 0;
      await expect(prices.removeBefore('tea')).rejects.toThrow('remove failed');
      expect(world.runs).toEqual(['of tea', 'removeBefore, and read']);
    });
  });

  test('of several decorators the upper one is around the lower', async () => {
    const stacked = new service.Stacked();
    const readsAnew = async (call: () => Promise<unknown>): Promise<boolean> => {
      await prices.of('tea');
      await settleCache(payload);
      await call();
      await settleCache(payload);
      const { length } = world.runs;
      await prices.of('tea');
      return world.runs.length > length;
    };
    expect(await readsAnew(() => stacked.evictsAlways(1))).toBe(true);
    expect(await readsAnew(() => stacked.evictsAlways(1))).toBe(true);
    expect(await readsAnew(() => stacked.evictsOnceRun(1))).toBe(true);
    expect(await readsAnew(() => stacked.evictsOnceRun(1))).toBe(false);
    expect(world.runs.filter((run) => run.startsWith('evicts'))).toEqual(['evictsAlways', 'evictsOnceRun']);
  });

  describe('classes that extend others', () => {
    test('inherit a method with its results', async () => {
      expect(await new service.Base().named(1)).toBe('base 1');
      await settleCache(payload);
      expect(await new service.Inheriting().named(1)).toBe('base 1');
      expect(await new service.Inheriting().named(2)).toBe('inheriting 2');
    });

    test('do not keep what overrides it, whose call of it is kept', async () => {
      const over = new service.Overriding();
      expect(await over.named(1)).toBe('over base 1');
      await settleCache(payload);
      expect(await over.named(1)).toBe('over base 1');
      expect(world.runs).toEqual(['Overriding 1', 'Base 1', 'Overriding 1']);
    });

    test('keep what overrides it in a namespace of its own, and are refused in the same', async () => {
      const apart = new service.OverridingApart();
      expect(await isKept(() => apart.named(1))).toBe(true);
      expect(world.runs).toEqual(['OverridingApart 1', 'Base 1']);
      for (let time = 0; time < 2; time++)
        await expect(new service.OverridingInPlace().named(1)).rejects.toMatchObject({
          code: 'INVALID_FUNCTION_KEY',
          message: expect.stringContaining('"named"'),
        });
      expect(await new service.Base().named(1)).toBe('base 1');
    });

    test('and two methods of one class that would share their results are refused', async () => {
      await expect(new service.Alike().one(1)).rejects.toMatchObject({
        code: 'INVALID_FUNCTION_KEY',
        message: expect.stringMatching(/"one".*"another".*"alike"/),
      });
    });
  });

  if (compiler.kind === 'standard') {
    test('private methods and getters, of the class as well', async () => {
      const own = await loadFile<Standard>(compiler, 'standard/service.ts');
      own.world.payload = payload;
      const one = new own.Users();
      const twice = async (call: () => Promise<unknown>) => {
        await call();
        await settleCache(payload);
        const { length } = own.world.runs;
        await call();
        expect(own.world.runs.length).toBe(length);
      };
      await twice(() => one.byId(1));
      await twice(() => one.settings());
      await twice(() => one.ofAll(1));
      expect(own.world.runs).toEqual(['#byId', '#settings', '#ofAll']);
      await one.put(1, 'Ida');
      await settleCache(payload);
      expect(await one.byId(1)).toBe('Ida');
      await one.remove(1);
      expect(await one.byId(1)).toBe('user 1');
    });
  } else {
    test('marked parameters are the key', async () => {
      const own = await loadFile<Legacy>(compiler, 'legacy/service.ts');
      own.world.payload = payload;
      const one = new own.Users();
      const { runs } = own.world;
      await one.byId(1, new own.Dependency(), 'no');
      await settleCache(payload);
      await one.byId(1, new own.Dependency(), 'no');
      expect(runs).toEqual(['byId']);
      await one.byId(1, new own.Dependency(), 'en');
      await one.byId(2, new own.Dependency(), 'no');
      expect(runs).toEqual(['byId', 'byId', 'byId']);
      await one.put('Ida', 1, 'no');
      await settleCache(payload);
      expect(await one.byId(1, new own.Dependency(), 'no')).toBe('put');
      await one.remove(1, 'no');
      expect(await one.byId(1, new own.Dependency(), 'no')).toBe('1 no');
      await own.Users.ofAll('a', 1);
      await settleCache(payload);
      await own.Users.ofAll('b', 1);
      expect(runs.filter((run) => run === 'ofAll')).toHaveLength(1);
    });

    test('what others have noted on a method stays with it', async () => {
      const own = await loadFile<Legacy>(compiler, 'legacy/service.ts');
      const { prototype } = own.Users as unknown as { prototype: InstanceType<Legacy['Users']> };
      const { byId, routed } = prototype;
      expect(Reflect.getMetadata('path', byId)).toBe('/above');
      expect(Reflect.getMetadata('path', routed)).toBe('/below');
      if (compiler.name === 'TypeScript with metadata')
        expect(Reflect.getMetadata('design:paramtypes', prototype, 'byId')).toEqual([
          Number,
          own.Dependency,
          Object,
        ]);
    });
  }
});
