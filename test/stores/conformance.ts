import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/interfaces/store.js';

/** What differs between stores by nature. */
export interface StoreCapabilities {
  /** Values expire after a TTL of one second: not so on Cloudflare KV, whose floor is 60. Default `true`. */
  expires?: boolean;
  /** Whether the backend keeps values for ever where `ttl` is `undefined`, and lists all of them. Default `true`. */
  lists?: boolean;
  /** Size of the largest value to try, in bytes. Default 1 MiB. */
  largeValue?: number;
}

/** A store under test. */
export interface StoreUnderTest {
  store: Store;
  stop?(): void | Promise<void>;
}

/**
 * What every store does. `make` is called once; the backend may hold other keys, which the suite leaves alone.
 */
export function describeStore(
  name: string,
  make: () => StoreUnderTest | Promise<StoreUnderTest>,
  capabilities: StoreCapabilities = {},
): void {
  describe(`store ${name}`, () => {
    const { expires = true, lists = true, largeValue = 1024 * 1024 } = capabilities;
    const run = `payload-cache:conformance-${Math.random().toString(36).slice(2)}:`;
    let started: StoreUnderTest;
    let store: Store;
    let tests = 0;
    /** Keys of one test, so that tests know nothing of each other. */
    const fresh = (): ((key: string) => string) => {
      const prefix = `${run}${++tests}:`;
      return (key) => prefix + key;
    };

    beforeAll(async () => {
      started = await make();
      store = started.store;
    });
    afterAll(() => started?.stop?.());

    async function list(prefix: string): Promise<string[]> {
      const keys: string[] = [];
      for await (const page of store.list(prefix)) keys.push(...page);
      return keys.sort();
    }

    test('has a name and offers a registry of its own, always the same one', () => {
      expect(store.name).not.toBe('');
      const registry = store.defaultRegistry();
      expect(typeof registry.get).toBe('function');
      expect(typeof registry.replace).toBe('function');
      expect(store.defaultRegistry()).toBe(registry);
    });

    test('gives back what was set', async () => {
      const key = fresh();
      await store.set(key('a'), 'one', undefined);
      expect(await store.getMany([key('a')])).toEqual(['one']);
    });

    test('gives back one value as it does many', async () => {
      const key = fresh();
      await store.set(key('a'), 'one', 300);
      await store.set(key('empty'), '', 300);
      expect(await store.get(key('a'))).toBe('one');
      expect(await store.get(key('empty'))).toBe('');
      expect(await store.get(key('absent'))).toBeUndefined();
    });

    test('answers in the order of the keys, undefined for absent ones, once for each repetition', async () => {
      const key = fresh();
      await store.set(key('a'), 'A', 300);
      await store.set(key('b'), 'B', 300);
      const keys = [key('b'), key('absent'), key('a'), key('b'), key('b'), key('also-absent')];
      expect(await store.getMany(keys)).toEqual(['B', undefined, 'A', 'B', 'B', undefined]);
    });

    test('a later value takes the place of the earlier', async () => {
      const key = fresh();
      await store.set(key('a'), 'old', 300);
      await store.set(key('a'), 'new', 300);
      expect(await store.getMany([key('a')])).toEqual(['new']);
    });

    test('tells an empty value from an absent one', async () => {
      const key = fresh();
      await store.set(key('empty'), '', 300);
      expect(await store.getMany([key('empty'), key('absent')])).toEqual(['', undefined]);
    });

    test.each([0, 1, 99, 100, 101, 250])('reads %i keys in one call', async (count) => {
      const key = fresh();
      const present = Array.from({ length: count }, (_, index) => index).filter((index) => index % 3 !== 0);
      for (let start = 0; start < present.length; start += 25) {
        const some = present.slice(start, start + 25);
        await Promise.all(some.map((index) => store.set(key(`${index}`), `value ${index}`, 300)));
      }
      const keys = Array.from({ length: count }, (_, index) => key(`${index}`));
      const expected = keys.map((_key, index) => (index % 3 === 0 ? undefined : `value ${index}`));
      expect(await store.getMany(keys)).toEqual(expected);
    });

    test.each([
      ['letters of many scripts', 'Grüße-日本語-مرحبا-🏝️-e\u0301'],
      ['separators and percent signs', 'a b/c?d=e&f#g%20%25:h*[i]{j}|k\\l'],
      ['quotes and controls', `'"\`\t\n\u0000\u007f`],
    ])('keeps %s in values', async (_of, text) => {
      const key = fresh();
      await store.set(key('value'), text, 300);
      expect(await store.getMany([key('value')])).toEqual([text]);
    });

    test.each([
      ['letters of many scripts', 'Grüße-日本語-مرحبا-🏝️'],
      ['separators and percent signs', 'a b/c?d=e&f#g%20%25:h*[i]{j}|k'],
      ['dots', '../..'],
    ])('keeps keys with %s apart from those that look like them', async (_of, text) => {
      const key = fresh();
      const keys = [text, encodeURIComponent(text), `${text} `, text.slice(0, -1)].map(key);
      for (const [index, each] of keys.entries()) await store.set(each, `${index}`, 300);
      expect(await store.getMany(keys)).toEqual(keys.map((_each, index) => `${index}`));
      await store.deleteMany([keys[0] as string]);
      expect(await store.getMany(keys)).toEqual([undefined, '1', '2', '3']);
    });

    test('takes keys as long as Cloudflare KV does', async () => {
      const key = fresh();
      const long = key('').padEnd(512, 'x');
      await store.set(long, 'long', 300);
      await store.set(long.slice(0, -1), 'shorter', 300);
      expect(await store.getMany([long, long.slice(0, -1)])).toEqual(['long', 'shorter']);
    });

    test('keeps a large value whole', async () => {
      const key = fresh();
      const bytes = Math.min(largeValue, store.maximumBytes ?? largeValue);
      const value = 'ä'.repeat(Math.floor(bytes / 4)) + '.'.repeat(Math.floor(bytes / 4));
      await store.set(key('large'), value, 300);
      const [found] = await store.getMany([key('large')]);
      // Not with toBe: the difference of two such texts takes minutes to print.
      expect(found?.length).toBe(value.length);
      expect(found === value).toBe(true);
    });

    test('deletes the keys it is given, and no absent key is a fault', async () => {
      const key = fresh();
      await Promise.all(['a', 'b', 'c'].map((name) => store.set(key(name), name, 300)));
      await store.deleteMany([key('a'), key('absent'), key('c')]);
      expect(await store.getMany(['a', 'b', 'c'].map(key))).toEqual([undefined, 'b', undefined]);
      await store.deleteMany([]);
    });

    test('deletes one key, and no absent one is a fault', async () => {
      const key = fresh();
      for (const name of ['a', 'b']) await store.set(key(name), name, 300);
      await store.delete(key('a'));
      await store.delete(key('absent'));
      expect(await store.getMany(['a', 'b'].map(key))).toEqual([undefined, 'b']);
      expect(await store.get(key('a'))).toBeUndefined();
    });

    test.each([0, 1, 101])('writes %i values in one call, and deletes them in one', async (count) => {
      const key = fresh();
      await store.set(key('0'), 'old', 300);
      await store.set(key('other'), 'other', 300);
      const writes = Array.from({ length: count }, (_, index) => ({
        key: key(`${index}`),
        value: `value ${index}`,
        ttl: index % 2 === 0 ? 300 : undefined,
      }));
      await store.setMany(writes);
      const keys = writes.map((write) => write.key);
      expect(await store.getMany(keys)).toEqual(writes.map((write) => write.value));
      await store.deleteMany(keys);
      expect(await store.getMany([...keys, key('other')])).toEqual([...keys.map(() => undefined), 'other']);
    });

    test('takes a TTL below its floor, a fraction of a second too', async () => {
      const key = fresh();
      await store.set(key('short'), 'short', Math.max(1, store.minimumTtl ?? 1));
      await store.set(key('below'), 'below', 1);
      await store.set(key('fraction'), 'fraction', 90.5);
      expect(await store.getMany([key('fraction')])).toEqual(['fraction']);
      if ((store.minimumTtl ?? 1) > 1) expect(await store.getMany([key('below')])).toEqual(['below']);
    });

    // A test that does not apply is not declared: a skipped one would look like a gap.
    if (expires) {
      test('forgets a value when its TTL is over, and no other', async () => {
        const key = fresh();
        await store.set(key('short'), 'short', 1);
        await store.set(key('long'), 'long', 300);
        await store.set(key('forever'), 'forever', undefined);
        // A value renewed with a longer TTL lives on.
        await store.set(key('renewed'), 'old', 1);
        await store.set(key('renewed'), 'new', 300);
        await store.setMany([
          { key: key('short of many'), value: 'short', ttl: 1 },
          { key: key('long of many'), value: 'long', ttl: 300 },
          { key: key('forever of many'), value: 'forever', ttl: undefined },
        ]);
        const shorts = [key('short'), key('short of many')];
        await expect.poll(() => store.getMany(shorts), { timeout: 20_000 }).toEqual([undefined, undefined]);
        expect(await store.get(key('short'))).toBeUndefined();
        const others = ['long', 'forever', 'renewed', 'long of many', 'forever of many'];
        expect(await store.getMany(others.map(key))).toEqual(['long', 'forever', 'new', 'long', 'forever']);
      });
    }

    if (lists) {
      test('lists the keys of a prefix and no others', async () => {
        const key = fresh();
        await Promise.all(['list-1', 'list-2', 'other'].map((name) => store.set(key(name), name, 300)));
        expect(await list(key('list-'))).toEqual([key('list-1'), key('list-2')]);
        expect(await list(key('none'))).toEqual([]);
      });

      test('takes every character of a prefix at its word', async () => {
        const key = fresh();
        const names = ['a*b', 'a?b', 'a[x]b', 'axb', 'a\\b', 'a_b', 'a%b'];
        for (const name of names) await store.set(key(name), name, 300);
        for (const name of names) expect(await list(key(name)), name).toEqual([key(name)]);
      });

      test('lists every key over several pages, each once', async () => {
        const key = fresh();
        const names = Array.from({ length: 1_100 }, (_, index) => key(`${index}`));
        for (let start = 0; start < names.length; start += 50) {
          await Promise.all(names.slice(start, start + 50).map((name) => store.set(name, 'x', 300)));
        }
        expect(await list(key(''))).toEqual([...names].sort());
      });
    }

    test('says that it is well, and writes nothing for that', async () => {
      const key = fresh();
      await store.set(key('a'), 'one', 300);
      expect(await store.health()).toEqual({ ok: true });
      if (lists) expect(await list(key(''))).toEqual([key('a')]);
    });

    test('many reads and writes at once do not meet', async () => {
      const key = fresh();
      const names = Array.from({ length: 40 }, (_, index) => `${index}`);
      await Promise.all(
        names.map(async (name) => {
          await store.set(key(name), name, 300);
          expect(await store.getMany([key(name)])).toEqual([name]);
        }),
      );
    });

    // The last one: what a close ends must not be missed by those before.
    test('ends what it opened, more than once, and a later call works again', async () => {
      const key = fresh();
      await store.set(key('before'), 'before', 300);
      await store.close();
      await store.close();
      await store.set(key('after'), 'after', 300);
      expect(await store.get(key('after'))).toBe('after');
      expect(await store.health()).toEqual({ ok: true });
      await Promise.all([store.close(), store.close()]);
      expect(await store.getMany([key('after'), key('absent')])).toEqual(['after', undefined]);
    });
  });
}
