import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { databaseRegistry, payloadKV, type Registry, settleCache } from '../../src/runtime/index.js';
import type { Policy } from '../../src/runtime/policy/policy.js';
import type { SiteSchema } from '../../src/runtime/query/site-schema.js';
import { createSliceSets, namedSliceSets, nameOfSliceSet } from '../../src/runtime/versions/slice-sets.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';
import { collectLog } from './logged.js';

const DAY = 86_400;
const REGISTER = 'posts?';
let clock: Clock;
beforeEach(() => {
  clock = takeClock();
});
afterEach(() => clock.stop());

/** What a process knows that has these slices of posts, and how often it was told of others. */
function process(...paths: string[]) {
  const told: string[] = [];
  const sets = createSliceSets(
    { collections: new Map([['posts', {}]]) } as unknown as SiteSchema,
    { slicesOf: () => paths.map((path) => ({ path })) } as unknown as Policy,
    (slug) => told.push(slug),
  );
  return {
    told,
    /** The version of the register after a write. */
    write: (version?: string) => sets.versionNaming(REGISTER, version) ?? version,
    read: (version = '0') => sets.areComplete([REGISTER], [version]),
  };
}
const namesIn = (version: string | undefined) => namedSliceSets(version).map(({ set }) => set);
const SLUG = nameOfSliceSet(['slug']);
const BOTH = nameOfSliceSet(['slug', 'category']);

test('a set has one name, in whatever order its slices are written', () => {
  expect(nameOfSliceSet(['category', 'slug'])).toBe(BOTH);
  expect(BOTH).not.toBe(SLUG);
});

describe('the sets that are named', () => {
  test('are those of all who write, and stay as they are from then on', () => {
    const [one, other] = [process('slug'), process('slug', 'category')];
    const version = other.write(one.write());
    expect(namesIn(version)).toEqual([BOTH, SLUG]);
    expect(one.write(version)).toBe(version);
    expect(other.write(version)).toBe(version);
    clock.advance(7 * DAY);
    expect(one.write(version)).toBe(version);
  });

  test('hold one that writes again, week after week', () => {
    const [one, other] = [process('slug'), process('slug', 'category')];
    let version: string | undefined;
    for (let week = 0; week < 5; week++) {
      version = other.write(one.write(version));
      expect(namesIn(version).sort()).toEqual([BOTH, SLUG].sort());
      clock.advance(8 * DAY);
    }
  });

  test('lose one that is gone, which nobody is told of then', () => {
    const [gone, site] = [process('slug'), process('slug', 'category')];
    const version = site.write(gone.write());
    clock.advance(15 * DAY);
    const late = process('slug', 'category');
    // It is named still, and what depends on slices goes on to depend on it.
    expect(late.read(version)).toBe(false);
    expect(late.told).toEqual([]);
    expect(namesIn(site.write(version))).toEqual([BOTH]);
  });

  test('get one again that was left out, though it reads a version from before that', () => {
    const [silent, site] = [process('slug'), process('slug', 'category')];
    const before = site.write(silent.write());
    clock.advance(15 * DAY);
    site.write(before);
    const after = silent.write(before);
    expect(after).not.toBe(before);
    expect(namesIn(after)).toContain(SLUG);
  });
});

test('others with slices that are not known here are told of once', () => {
  const [one, other] = [process('slug'), process('slug', 'category')];
  const version = one.write(other.write());
  expect(one.read(version)).toBe(false);
  one.read(version);
  expect(one.told).toEqual(['posts']);
});

describe('a site that starts', () => {
  let directory: string;
  let sites: Started[];
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-sets-'));
    sites = [];
  });
  afterEach(async () => {
    for (const site of sites) await site.stop();
    await removeDirectory(directory);
  });

  async function start(slices: string[], registry = databaseRegistry()): Promise<string[]> {
    const log = collectLog();
    const site = await startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      configure: log.configure,
      plugins: [
        payloadKV({ store: sharedMemory(), registry, collections: { posts: { slices }, categories: {} } }),
      ],
    });
    sites.push(site);
    await settleCache(site.payload);
    return log.lines();
  }
  const write = () =>
    sites[0]?.payload.create({
      collection: 'posts',
      data: { title: 'one', slug: 'one', category: 1, _status: 'published' },
    });

  test('says at once that others write with other slices, and nothing where they have the same', async () => {
    expect(await start(['slug'])).toEqual([]);
    await sites[0]?.payload.create({ collection: 'categories', data: { name: 'a', slug: 'a' } });
    await write();
    expect(await start(['slug'])).toEqual([]);
    expect(await start(['slug', 'category'])).toEqual([
      expect.stringMatching(
        /another process writes to "posts" with other slices, or did within the last two weeks/,
      ),
    ]);
  });

  test('starts as well where the registry does not answer, and asks none whose calls are paid for', async () => {
    const asked: string[] = [];
    const registry = (canBeStrong: boolean): Registry => ({
      name: 'other',
      defaultConsistency: 'eventual',
      canBeStrong,
      get(tags) {
        asked.push(...tags);
        return Promise.reject(new Error('no'));
      },
      replace: async (tags) => tags.map(() => '1'),
    });
    expect(await start(['slug'], registry(false))).toEqual([]);
    expect(asked).toEqual([]);
    expect(await start(['slug'], registry(true))).toEqual([]);
    expect(asked).toEqual([REGISTER]);
  });
});
