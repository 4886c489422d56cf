import { describe, expect, test } from 'vitest';
import { createBatches } from '../../src/platform/told-elsewhere.js';

/** Batches of two, whose sender throws at what is told to fail. */
function batchesOfTwo() {
  const sent: string[][] = [];
  const failing = new Set<string>();
  const tell = createBatches<string>(2, async (batch, context) => {
    sent.push(batch);
    if (batch.some((one) => failing.has(one))) throw new Error(`${context}: ${batch}`);
  });
  return { sent, failing, tell };
}

describe('things that are told in batches', () => {
  test('go together where they come together, each once, and as many as a batch takes', async () => {
    const { sent, tell } = batchesOfTwo();
    await Promise.all([tell(['a', 'b'], '1'), tell(['b', 'c'], '2')]);
    expect(sent).toEqual([['a', 'b'], ['c']]);
    await tell(['a'], '3');
    expect(sent.slice(2)).toEqual([['a']]);
  });

  test('are told all the same where the sender of others throws, which is reported', async () => {
    const { sent, failing, tell } = batchesOfTwo();
    failing.add('a');
    await expect(tell(['a', 'b', 'c'], '1')).rejects.toThrow('1: a,b');
    expect(sent).toEqual([['a', 'b'], ['c']]);
  });

  test('go once more with the next, by themselves, and are then given up', async () => {
    const { sent, failing, tell } = batchesOfTwo();
    failing.add('a');
    await expect(tell(['a', 'b'], '1')).rejects.toThrow('1: a,b');
    failing.clear();
    await tell(['c'], '2');
    expect(sent.slice(1)).toEqual([['a', 'b'], ['c']]);
    await tell(['d'], '3');
    expect(sent.slice(3)).toEqual([['d']]);

    failing.add('x');
    await expect(tell(['x'], '4')).rejects.toThrow('4: x');
    await expect(tell(['e'], '5')).rejects.toThrow('5: x');
    expect(sent.slice(4)).toEqual([['x'], ['x'], ['e']]);
    await tell(['f'], '6');
    expect(sent.slice(7)).toEqual([['f']]);
  });

  test('that fail again and again are not gathered without end', async () => {
    const { sent, failing, tell } = batchesOfTwo();
    const many = Array.from({ length: 100 }, (_, index) => String(index));
    for (const one of many) failing.add(one);
    await expect(tell(many, '1')).rejects.toThrow();
    expect(sent.length).toBe(50);
    await expect(tell(['a'], '2')).rejects.toThrow();
    expect(sent.length).toBe(50 + 20 + 1);
  });

  // The run that is over must not be taken for one that is under way.
  test.each([0, 1, 2, 3, 4, 5])('are told where they come %i steps after the last batch', async (steps) => {
    const sent: string[][] = [];
    const later: Promise<void>[] = [];
    const tell = createBatches<string>(2, async (batch) => {
      sent.push(batch);
      if (batch[0] !== 'a') return;
      void (async () => {
        for (let step = 0; step < steps; step++) await undefined;
        later.push(tell(['b'], '2'));
      })();
    });
    await tell(['a'], '1');
    await expect.poll(() => later.length).toBe(1);
    await later[0];
    expect(sent).toEqual([['a'], ['b']]);
  });
});
