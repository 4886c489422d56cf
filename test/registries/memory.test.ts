import { describe, expect, test } from 'vitest';
import { memoryRegistry } from '../../src/registries/memory.js';
import { describeRegistry } from './conformance.js';

describeRegistry('memory', () => ({ registry: memoryRegistry() }), { shared: false, hasEpoch: true });

describe('the memory registry is bounded', () => {
  test('forgetting a version makes its entries stale, never fresh again', async () => {
    const registry = memoryRegistry({ maxTags: 10 });
    const before = registry.get(['unwritten', 'written']);
    await registry.replace(['written']);
    for (let index = 0; index < 20; index++) await registry.replace([`other-${index}`]);
    const after = registry.get(['unwritten', 'written']) as string[];
    const [unwritten, written] = before as string[];
    expect(after).not.toContain(unwritten);
    expect(after).not.toContain(written);
  });

  test('more tags at once than it remembers have new versions all the same', async () => {
    const registry = memoryRegistry({ maxTags: 10 });
    const tags = Array.from({ length: 25 }, (_, index) => `tag-${index}`);
    const before = registry.get(tags) as string[];
    const versions = await registry.replace(tags);
    const now = registry.get(tags) as string[];
    expect(now).toEqual(versions);
    for (const [index, version] of now.entries()) expect(version).not.toBe(before[index]);
  });
});
