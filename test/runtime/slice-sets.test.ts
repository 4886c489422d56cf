import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Policy } from '../../src/runtime/policy.js';
import type { SiteSchema } from '../../src/runtime/site-schema.js';
import { createSliceSets, namedSliceSets, nameOfSliceSet } from '../../src/runtime/slice-sets.js';
import { type Clock, takeClock } from '../support/clock.js';

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
