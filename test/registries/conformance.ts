import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEVER_REPLACED, type Registry, type ReplaceContext } from '../../src/interfaces/registry.js';

/** A version: a short text without blanks. */
const VERSION = /^[\x21-\x7e]{8,64}$/;

/** What differs between registries by nature. */
export interface RegistryCapabilities {
  /** Whether a tag that was never replaced has no version (`undefined`), until `create` gives it one. Default `false`. */
  createsVersions?: boolean;
  /** Whether a tag that was never replaced has a version that is this registry's own, another after all was lost. */
  hasEpoch?: boolean;
  /** Whether several processes share it: `another` is then needed. Default `true`. */
  shared?: boolean;
  /** Whether its versions lie in the store, beside the entries: `stored` is then needed. Default `false`. */
  stored?: boolean;
}

/** A registry under test. */
export interface RegistryUnderTest {
  registry: Registry;
  /** The same registry as another process sees it; left out where there is no such thing. */
  another?: Registry;
  /** What the backend holds at a key of `storeKey`. */
  stored?(key: string): Promise<string | undefined>;
  stop?(): void | Promise<void>;
}

/**
 * What every registry does. `make` is called once; the backend may hold other tags, which the suite leaves alone.
 * Connect the registry in `make` where it needs it.
 */
export function describeRegistry(
  name: string,
  make: () => RegistryUnderTest | Promise<RegistryUnderTest>,
  capabilities: RegistryCapabilities = {},
): void {
  describe(`registry ${name}`, () => {
    const { createsVersions = false, shared = true, stored: isStored = false } = capabilities;
    const { hasEpoch = false } = capabilities;
    const first = hasEpoch ? expect.stringMatching(VERSION) : createsVersions ? undefined : NEVER_REPLACED;
    const run = `conformance-${Math.random().toString(36).slice(2)}`;
    let started: RegistryUnderTest;
    let registry: Registry;
    let tests = 0;
    const fresh = (): ((tag: string) => string) => {
      const prefix = `${run}-${++tests}-`;
      return (tag) => prefix + tag;
    };

    beforeAll(async () => {
      started = await make();
      registry = started.registry;
    });
    afterAll(() => started?.stop?.());

    /** Replaces as the runtime does, and waits for the work it would leave to the background. */
    async function replace(tags: readonly string[], context: ReplaceContext = {}): Promise<string[]> {
      const work: Promise<unknown>[] = [];
      const versions = await registry.replace(tags, {
        lifetime: 86_400,
        ...context,
        background: (promise) => void work.push(promise),
      });
      await Promise.all(work);
      return versions;
    }

    test('says what it is: name, consistency, and strong only where it can be', () => {
      expect(registry.name).not.toBe('');
      expect(registry.defaultConsistency).toBeDefined();
      if (registry.defaultConsistency === 'strong') expect(registry.canBeStrong).toBe(true);
      if (registry.storeKey) expect(typeof registry.readStored).toBe('function');
    });

    test('a tag that nobody replaced has no version of a write', async () => {
      const tag = fresh();
      expect(await registry.get([tag('a'), tag('b')])).toEqual([first, first]);
    });

    if (hasEpoch) {
      test('a tag that nobody replaced keeps its version until somebody does, and then never has it again', async () => {
        const tag = fresh();
        const before = await registry.get([tag('a'), tag('b')]);
        await replace([tag('other')]);
        expect(await registry.get([tag('a'), tag('b')])).toEqual(before);
        await replace([tag('a')]);
        const [a, b] = await registry.get([tag('a'), tag('b')]);
        expect(a).not.toBe(before[0]);
        expect(b).toBe(before[1]);
      });
    }

    test('a replacement is read back, and only by the tags it named', async () => {
      const tag = fresh();
      const [a, c] = await replace([tag('a'), tag('c')]);
      expect(await registry.get([tag('a'), tag('b'), tag('c')])).toEqual([a, first, c]);
      expect(a).not.toBe(c);
    });

    test('gives the version that it is told to, and takes it for no other', async () => {
      const tag = fresh();
      const version = 'abc-DEF_012.set1.set2';
      expect(await replace([tag('a'), tag('b')], { version })).toEqual([version, version]);
      const [other] = await replace([tag('b')]);
      expect(await registry.get([tag('a'), tag('b')])).toEqual([version, other]);
    });

    test('each replacement is a version that was never there before', async () => {
      const tag = fresh();
      const seen = new Set<string>([NEVER_REPLACED]);
      for (let count = 0; count < 5; count++) {
        const [version] = await replace([tag('a')]);
        expect(seen.has(version as string)).toBe(false);
        seen.add(version as string);
        expect(await registry.get([tag('a')])).toEqual([version]);
      }
    });

    test('versions are short texts without blanks', async () => {
      const tag = fresh();
      for (const version of await replace([tag('a'), tag('b'), tag('c')])) {
        expect(version).toMatch(VERSION);
      }
    });

    test('answers in the order of the tags, once for each repetition', async () => {
      const tag = fresh();
      const [a, b] = await replace([tag('a'), tag('b')]);
      expect(await registry.get([tag('b'), tag('a'), tag('b'), tag('none'), tag('a')])).toEqual([
        b,
        a,
        b,
        first,
        a,
      ]);
    });

    test('asks and replaces nothing for no tags', async () => {
      expect(await registry.get([])).toEqual([]);
      expect(await replace([])).toEqual([]);
    });

    test.each([1, 99, 100, 101, 250])('replaces and reads %i tags at once', async (count) => {
      const tag = fresh();
      const tags = Array.from({ length: count }, (_, index) => tag(`${index}`));
      const versions = await replace(tags);
      expect(versions).toHaveLength(count);
      expect(new Set(versions).size).toBe(count);
      expect(await registry.get(tags)).toEqual(versions);
    });

    test('keeps tags apart that look alike', async () => {
      const tag = fresh();
      const long = 'x'.repeat(600);
      const tags = [
        ...[
          'posts',
          'posts*',
          'posts#1',
          'posts#11',
          'posts?slug=a',
          'posts?slug=A',
          'posts~versions',
          '@posts',
        ],
        ...['a:b', 'a%3Ab', 'a b', 'a_b', "a'b", 'a"b', 'a;b', 'é', 'e\u0301', '日本', '🏝️'],
        ...[long, `${long}y`, `${long}z`],
      ].map(tag);
      const before = await replace(tags);
      for (const [index, each] of tags.entries()) {
        const [version] = await replace([each]);
        const expected = [...before];
        expected[index] = version as string;
        expect(await registry.get(tags)).toEqual(expected);
        before[index] = version as string;
      }
    });

    test('concurrent replacements of a tag leave one version that was not there before', async () => {
      const tag = fresh();
      const [before] = await replace([tag('a')]);
      const made = await Promise.all(
        Array.from({ length: 10 }, (_, index) => replace([tag('a'), tag(`own-${index}`)])),
      );
      const versions = made.map(([version]) => version as string);
      expect(new Set(versions).size).toBe(10);
      const [now] = await registry.get([tag('a')]);
      expect(now).not.toBe(before);
      expect(versions).toContain(now);
      const own = await registry.get(made.map((_versions, index) => tag(`own-${index}`)));
      expect(own).toEqual(made.map(([, version]) => version));
    });

    test('replaces without a context as well', async () => {
      const tag = fresh();
      const versions = await registry.replace([tag('a')]);
      expect(await registry.get([tag('a')])).toEqual(versions);
    });

    // A test that does not apply is not declared: a skipped one would look like a gap.
    if (shared) {
      test('another process sees the replacement, at once where the registry is strong', async () => {
        const another = started.another as Registry;
        const tag = fresh();
        for (let count = 0; count < 3; count++) {
          const versions = await replace([tag('a'), tag('b')]);
          if (registry.canBeStrong) expect(await another.get([tag('a'), tag('b')])).toEqual(versions);
          else {
            await expect.poll(() => another.get([tag('a'), tag('b')]), { timeout: 30_000 }).toEqual(versions);
          }
        }
      });

      test('two processes that replace the same tag agree in the end', async () => {
        const another = started.another as Registry;
        const tag = fresh();
        const made = await Promise.all(
          [registry, another].flatMap((each) => [each.replace([tag('a')]), each.replace([tag('a')])]),
        );
        await expect
          .poll(async () => {
            const [[mine], [theirs]] = await Promise.all([registry.get([tag('a')]), another.get([tag('a')])]);
            return mine === theirs && made.some(([version]) => version === mine);
          })
          .toBe(true);
      });
    }

    if (createsVersions) {
      test('create gives a first version to tags without one and leaves the others', async () => {
        const create = registry.create as NonNullable<Registry['create']>;
        const tag = fresh();
        const [replaced] = await replace([tag('replaced')]);
        const created = await create([tag('new'), tag('replaced')]);
        expect(created[1]).toBe(replaced);
        expect(created[0]).toMatch(/^[\x21-\x7e]+$/);
        expect(await create([tag('new')])).toEqual([created[0]]);
        expect(await registry.get([tag('new'), tag('replaced')])).toEqual(created);
        const [after] = await replace([tag('new')]);
        expect(after).not.toBe(created[0]);
      });

      test('those who create a version at once all get the same', async () => {
        const create = registry.create as NonNullable<Registry['create']>;
        const tag = fresh();
        const others = started.another?.create;
        const made = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            (index % 2 && others ? others : create)([tag('a'), tag('b')]),
          ),
        );
        const now = await registry.get([tag('a'), tag('b')]);
        expect(now).not.toContain(undefined);
        for (const versions of made) expect(versions).toEqual(now);
      });
    }

    if (isStored) {
      test('what the store holds is the version that the registry tells', async () => {
        const { storeKey, readStored, stored } = { ...registry, ...started } as Required<
          Registry & RegistryUnderTest
        >;
        const tag = fresh();
        const versions = await replace([tag('a')]);
        const key = storeKey(tag('a'));
        expect(key.startsWith('payload-cache:')).toBe(true);
        expect(Buffer.byteLength(storeKey(tag('日本'.repeat(300))))).toBeLessThanOrEqual(512);
        expect(readStored(await stored(key))).toBe(versions[0]);
        expect(readStored(await stored(storeKey(tag('never'))))).toBe(first);
      });
    }
  });
}
